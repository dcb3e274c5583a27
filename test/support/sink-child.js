// node sink-child.js NAME: a server that reads what comes, and forgets it.
import { listen } from 'framepipe';

const server = await listen(process.argv[2]);
process.stdout.write('ready\n');
await server.serve(async (client) => {
  for await (const _frame of client);
});
