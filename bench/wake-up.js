// What it costs to be woken where this runs: how long after one thread wakes another one, which sleeps, that one runs.
// It decides how round trips compare, and differs between machines by ten.
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';
import { nanoseconds } from './clock.js';
import { median } from './report.js';

const ASKED = 0;
const ANSWERED = 1;
const TIMES = 200;
const ASLEEP = 200e3; // nanoseconds after which a thread with nothing to do surely sleeps, and its processor, too

if (!isMainThread && workerData?.wakeUp) sleepAgainAndAgain(workerData.wakeUp);

/** The median, in µs. */
export async function wakeUp() {
  const cells = new Int32Array(new SharedArrayBuffer(8));
  const woken = new Float64Array(new SharedArrayBuffer(8));
  const worker = new Worker(new URL(import.meta.url), { workerData: { wakeUp: { cells, woken } } });
  await new Promise((resolve) => worker.once('message', resolve));
  const taken = [];
  for (let i = 1; i <= TIMES; i++) {
    const asleep = nanoseconds() + ASLEEP;
    while (nanoseconds() < asleep);
    const called = nanoseconds();
    Atomics.store(cells, ASKED, i);
    Atomics.notify(cells, ASKED);
    while (Atomics.load(cells, ANSWERED) < i);
    taken.push((woken[0] - called) / 1e3);
  }
  await worker.terminate();
  return median(taken);
}

function sleepAgainAndAgain({ cells, woken }) {
  parentPort.postMessage('ready');
  for (let i = 1; i <= TIMES; i++) {
    Atomics.wait(cells, ASKED, i - 1);
    woken[0] = nanoseconds();
    Atomics.store(cells, ANSWERED, i);
  }
}
