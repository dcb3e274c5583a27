// One connection from its beginning to its end, for NODE_DEBUG=framepipe: observing.test.ts. With a second argument, that end
// is a failure.
import { connect, listen } from 'framepipe';

const server = await listen(process.argv[2]);
const client = await connect(process.argv[2], { impersonation: 'impersonation' });
for await (const served of server) {
  await client.send(Buffer.alloc(96));
  await served.read();
  await served.runAsClient(() => {});
  if (process.argv[3]) client.destroy(new Error('a message\n  of two lines'));
  else await client.close();
  await served.closed.catch(() => {});
  break;
}
await server.close();
