// The other side of the chat: what is typed is sent, what arrives is printed, at the same time.
//
//   node client.js [--pipe NAME]
import { createInterface } from 'node:readline';
import { parseArgs } from 'node:util';
import { connect, framing } from 'framepipe';

const { values } = parseArgs({ options: { pipe: { type: 'string', default: 'framepipe-chat' } } });

const pipe = await connect(values.pipe, { framing: framing.lines({ as: 'utf8' }), waitForServer: true });
console.log(`Connected to ${pipe.path}.`);

const keyboard = createInterface({ input: process.stdin });
keyboard.on('line', (line) => pipe.send(line).catch((error) => console.error(error.message)));
keyboard.once('close', () => pipe.close());

for await (const line of pipe) console.log(line);
console.log('The chat has ended.');
keyboard.close();
