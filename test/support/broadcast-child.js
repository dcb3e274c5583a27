// node broadcast-child.js NAME CLIENTS FRAMES: a server that waits for its clients, and for a word of the last one; then
// all of them get so many frames, in turn.
import { listen } from 'framepipe';

const [name, clients, frames] = [process.argv[2], Number(process.argv[3]), Number(process.argv[4])];
const server = await listen(name);
process.stdout.write('ready\n');
const all = [];
for await (const client of server) if (all.push(client) === clients) break;
await all.at(-1).read();
const frame = Buffer.alloc(64);
for (let i = 0; i < frames; i++) await Promise.all(all.map((client) => client.send(frame)));
