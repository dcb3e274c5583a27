// Prints what the device measures.
//
//   node subscriber.js [--pipe NAME] [--behind skip|close]
import { parseArgs } from 'node:util';
import { connect, framing } from 'framepipe';

const { values } = parseArgs({
  options: { pipe: { type: 'string', default: 'framepipe-device' }, behind: { type: 'string', default: 'skip' } },
});

const pipe = await connect(values.pipe, { framing: framing.lines({ as: 'utf8' }), waitForServer: true });
await pipe.send(values.behind);
for await (const line of pipe) console.log(line);
console.log('The bridge has closed.'); // the device has ended, or, with 'close', we were too slow
