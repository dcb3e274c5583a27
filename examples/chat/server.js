// A chat over a named pipe: whoever connects may write at any time, and all others read it. Lines of text, so that
// any program can join, PowerShell's or `nc -U` included.
//
//   node server.js [--pipe NAME]
import { createInterface } from 'node:readline';
import { parseArgs } from 'node:util';
import { framing, listen } from 'framepipe';

const { values } = parseArgs({ options: { pipe: { type: 'string', default: 'framepipe-chat' } } });
const clients = new Set();

const server = await listen(values.pipe, { framing: framing.lines({ as: 'utf8' }) });
console.log(`Chatting on ${server.path}. Type to write to everybody; Ctrl+C or the end of input ends.`);

const keyboard = createInterface({ input: process.stdin });
keyboard.on('line', (line) => tellAll(`server: ${line}`));
keyboard.once('close', () => server.close({ connections: true }));

await server.serve(async (client) => {
  clients.add(client);
  tellAll(`* client ${client.id} joined`, client);
  try {
    for await (const line of client) tellAll(`client ${client.id}: ${line}`, client);
  } finally {
    clients.delete(client);
    tellAll(`* client ${client.id} left`);
  }
});
keyboard.close();

function tellAll(line, except) {
  console.log(line);
  for (const client of clients) {
    if (client !== except)
      client.send(line).catch((error) => console.error(`to client ${client.id}: ${error.message}`));
  }
}
