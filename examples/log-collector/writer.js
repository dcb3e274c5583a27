// Sends what it reads, line by line, to the collector: node program.js | node writer.js [--pipe NAME]
import { createInterface } from 'node:readline';
import { parseArgs } from 'node:util';
import { connect, framing } from 'framepipe';

const { values } = parseArgs({ options: { pipe: { type: 'string', default: 'framepipe-log' } } });

const pipe = await connect(values.pipe, {
  framing: framing.lines({ as: 'utf8' }),
  waitForServer: true,
  highWaterMark: 65_536,
});
console.log(`Connected to ${pipe.path}.`);
const input = createInterface({ input: process.stdin });
pipe.read().then(
  () => input.close(), // the collector stops, or has gone
  () => input.close(),
);

let sent = 0;
for await (const line of input) {
  await pipe.send(line); // waits while the collector is behind, and so does who writes to us
  sent++;
}
await pipe.close(); // what was sent can still be read
console.log(`${sent} lines sent.`);
process.stdin.destroy();
