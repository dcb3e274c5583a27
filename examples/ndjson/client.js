// A client of the store that knows nothing of framepipe: node:net, and lines.
//
//   node client.js [--pipe NAME]
import { connect } from 'node:net';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { parseArgs } from 'node:util';

const { values } = parseArgs({ options: { pipe: { type: 'string', default: 'framepipe-store' } } });

const isWindows = process.platform === 'win32';
const socket = connect(
  isWindows ? `\\\\.\\pipe\\${values.pipe}` : path.join(process.env.TMPDIR || '/tmp', `CoreFxPipe_${values.pipe}`),
);
const questions = [{ get: 'colour' }, { set: 'colour', to: ['blue', 'größer'] }, { get: 'colour' }];
for (const question of questions) socket.write(`${JSON.stringify(question)}\n`);

let answers = 0;
for await (const line of createInterface({ input: socket })) {
  console.log(JSON.stringify(questions[answers]), '→', line);
  if (++answers === questions.length) break;
}
socket.end();
