// node echo-child.js NAME: a server that sends every frame back, in a process of its own.
import { listen } from 'framepipe';

const server = await listen(process.argv[2]);
process.stdout.write('ready\n');
await server.serve(async (client) => {
  for await (const frame of client) await client.send(frame);
});
