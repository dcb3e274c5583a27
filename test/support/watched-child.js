// One connection from its beginning to its end, for NODE_DEBUG=framepipe: observing.test.ts.
import { connect, listen } from 'framepipe';

const server = await listen(process.argv[2]);
const client = await connect(process.argv[2], { impersonation: 'impersonation' });
for await (const served of server) {
  await client.send(Buffer.alloc(96));
  await served.read();
  await served.runAsClient(() => {});
  await client.close();
  await served.closed;
  break;
}
await server.close();
