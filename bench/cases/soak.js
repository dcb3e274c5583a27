// Full load both ways on one connection, as long as the driver says so: see soak.js. Not among those of index.js.
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { setTimeout as pause } from 'node:timers/promises';

const SIZES = [64, 64, 64, 1024, 65_536]; // of the frames, in turn: a burst of each
const BURST = { frames: 500, bytes: 2 ** 20 }; // at most
const RESOLUTION = 1; // ms

export function server(rival, path, { rate }) {
  let linked;
  const link = new Promise((resolve) => {
    linked = resolve;
  });
  const open = () =>
    rival.listen(path, (link) => {
      linked(link);
      return new Promise(() => {}); // open as long as the process is
    });
  return { open, ...load(link, rate) };
}

export function client(rival, path, { rate }) {
  let linked;
  const link = new Promise((resolve) => {
    linked = resolve;
  });
  const open = async () => linked(await rival.open(path));
  return { open, ...load(link, rate) };
}

function load(link, rate) {
  link.then((one) => one.receive(Number.POSITIVE_INFINITY));
  let turn = 0;

  async function pour(seconds) {
    const one = await link;
    const began = performance.now();
    let sent = 0;
    for (let passed = 0; passed < seconds * 1000; passed = performance.now() - began) {
      const ahead = rate ? (sent / (rate * 1e6)) * 1000 - passed : 0;
      if (ahead > 1) await pause(ahead);
      const frame = Buffer.alloc(SIZES[turn++ % SIZES.length]);
      const count = Math.min(BURST.frames, Math.ceil(BURST.bytes / frame.length));
      await one.pour(frame, count);
      sent += count * frame.length;
    }
    return sent;
  }

  return {
    /** For so many seconds: the bytes that it sent, and how late the event loop was. */
    run: (seconds) => watched(() => pour(seconds)),
    /** The same without any load: what the clock and the machine add. */
    idle: (seconds) => watched(() => pause(seconds * 1000)),
    rss: () => ({ rss: process.memoryUsage.rss() }),
  };
}

/** Milliseconds by which the event loop came late. */
async function watched(work) {
  // A new one each time: one that had been stopped would begin with the time in between.
  const delay = monitorEventLoopDelay({ resolution: RESOLUTION });
  delay.enable();
  const sent = await work();
  delay.disable();
  // What is recorded is the time between two ticks, of which the interval itself is no delay.
  const late = (time) => Math.max(0, time / 1e6 - RESOLUTION);
  return { sent, p50: late(delay.percentile(50)), p99: late(delay.percentile(99)), max: late(delay.max) };
}
