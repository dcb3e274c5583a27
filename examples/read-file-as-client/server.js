// Serves four clients at a time: proves itself with its signature, reads a file's name, reads that file *as the
// client*, and sends what is in it. Microsoft's C# client of "How to: Use Named Pipes for Network Interprocess
// Communication" can be the other side.
//
//   node server.js [--pipe NAME] [--clients N]     N: end after so many clients; default: serve until Ctrl+C
import { parseArgs } from 'node:util';
import { framing, listen } from 'framepipe';

const CLIENTS_AT_ONCE = 4;
const SIGNATURE = 'I am the one true server!';

const { values } = parseArgs({
  options: { pipe: { type: 'string', default: 'testpipe' }, clients: { type: 'string', default: 'Infinity' } },
});
let clientsLeft = Number(values.clients);

console.log('\n*** Named pipe server with impersonation example ***\n');

const server = await listen(values.pipe, {
  framing: framing.streamString(),
  access: 'authenticated', // other users are served, too: each gets what its own rights allow
  maxInstances: CLIENTS_AT_ONCE,
});
process.once('SIGINT', () => server.close());
console.log(`Waiting for clients on ${server.path}...\n`);

await server.serve(serveClient, {
  onError: (error, client) => console.error(`ERROR: client ${client.id}: ${error.message}`),
});
console.log('\nNo clients left, exiting.');

async function serveClient(client) {
  try {
    console.log(`Client ${client.id} connected (process ${client.peer.pid}).`);
    await client.send(SIGNATURE);
    const fileName = await client.read();
    if (fileName === null) return; // it left without a word

    const { name, domain } = await client.peerUser();
    const user = domain ? `${domain}\\${name}` : name;
    console.log(`Reading file: ${fileName} for client ${client.id} as user: ${user}.`);
    await client.send(await contentsFor(client, fileName));
  } finally {
    if (--clientsLeft === 0) await server.close();
  }
}

// The client learns why it does not get the file; it would otherwise see the pipe close, and wonder.
async function contentsFor(client, fileName) {
  try {
    return await client.runAsClient((as) => as.readFile(fileName, 'utf8'));
  } catch (error) {
    console.log(`Client ${client.id} is refused: ${error.message}`);
    return `ERROR: ${error.message}`;
  }
}
