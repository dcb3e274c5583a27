// node scarce-child.js NAME: serves two clients, with hardly more memory than one frame takes before it is delivered.
// Prints what comes of the first one, which sends such a frame, and what the second one sends.
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { framing, listen } from '../../dist/index.js';

const [, , name] = process.argv;
const FRAME = 64 * 2 ** 20;
const server = await listen(name, {
  framing: framing.lengthPrefix({ maxFrameLength: FRAME }),
  highWaterMark: 2 * FRAME,
});
const [, used] = /VmData:\s+(\d+) kB/.exec(readFileSync('/proc/self/status', 'utf8'));
execFileSync('prlimit', ['--pid', `${process.pid}`, `--data=${1024 * Number(used) + 1.8 * FRAME}`]);

const outcome = (promise) =>
  promise.then(
    (value) => `${value}`.slice(0, 10),
    (error) => error.code,
  );
let rest = 2;
for await (const pipe of server) {
  const read = await outcome(pipe.read());
  if (read !== 'ENOMEM') pipe.destroy();
  console.log(read, await outcome(pipe.closed));
  if (--rest === 0) break;
}
await server.close();
