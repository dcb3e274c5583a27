// node bench/soak.js [--minutes N] [--rival framepipe|net-tuned]: full load both ways between two processes; prints, each
// tenth of the time, resident memory of both and how late the event loop was. Memory has to stay flat.
import { fork } from 'node:child_process';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '10' },
    rival: { type: 'string', default: 'framepipe' },
    path: { type: 'string' },
  },
});
const { listen, open } = await import(`./rivals/${values.rival}.js`);
const SIZES = [64, 64, 64, 1024, 65_536]; // of the frames, in turn: bursts of each
const BURST = 2000;
const LAPS = 10;
const MIB = 2 ** 20;

async function pour(link) {
  for (let turn = 0; ; turn++) {
    const frame = Buffer.alloc(SIZES[turn % SIZES.length]);
    await link.pour(frame, Math.min(BURST, (8 * MIB) / frame.length));
  }
}

async function load(link) {
  const ended = () => process.exit(0);
  pour(link).catch(ended);
  for (;;) await link.receive(BURST).catch(ended);
}

function report(side, delay) {
  const late = (delay.percentile(99) / 1e6).toFixed(1);
  console.log(
    `${side.padEnd(6)}  ${(process.memoryUsage.rss() / MIB).toFixed(0).padStart(5)} MiB  event loop late, 99 %: ${late} ms`,
  );
  delay.reset();
}

const side = values.path ? 'client' : 'server';
const path = values.path ?? `${process.platform === 'win32' ? '\\\\.\\pipe\\' : '/tmp/'}framepipe-soak-${process.pid}`;
if (side === 'server') {
  await listen(path, load);
  const again = ['--minutes', values.minutes, '--rival', values.rival, '--path', path];
  fork(fileURLToPath(import.meta.url), again).on('exit', () => process.exit());
} else {
  load(await open(path));
}
const delay = monitorEventLoopDelay({ resolution: 5 });
delay.enable();
let laps = 0;
setInterval(
  () => {
    report(side, delay);
    if (++laps === LAPS) process.exit(0);
  },
  (Number(values.minutes) * 60_000) / LAPS,
);
