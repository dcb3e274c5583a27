// Clients that send a frame, wait until it comes back, and pause: how long that takes, and whether all of it comes.
import { connect } from 'framepipe';
import { answerWith } from './child.js';

const PAUSE = 5; // ms
const { name, count } = JSON.parse(process.argv[2]);
/** Of round trips, in ms; since the last time. */
let times = [];
let failed = null;
let ending = false;

async function talk(number) {
  const pipe = await connect(name, { timeout: 60_000 });
  for (let i = 0; !ending; i++) {
    const frame = Buffer.alloc(200, (number * 31 + i) & 255);
    const began = performance.now();
    await pipe.send(frame);
    const echo = await pipe.read();
    if (!echo?.equals(frame)) throw new Error(`client ${number}: frame ${i} came back as ${echo?.length ?? 'an end'}`);
    times.push(performance.now() - began);
    await new Promise((resolve) => setTimeout(resolve, PAUSE));
  }
  await pipe.close();
}

const talks = Array.from({ length: count }, (_, number) =>
  talk(number).catch((error) => {
    failed ??= String(error);
  }),
);

await answerWith({
  figures() {
    const sorted = times.sort((a, b) => a - b);
    times = [];
    const at = (part) => sorted[Math.min(sorted.length - 1, Math.floor(part * sorted.length))] ?? null;
    return { trips: sorted.length, median: at(0.5), p99: at(0.99), longest: at(1), failed };
  },
});
ending = true;
await Promise.all(talks);
process.exitCode = failed ? 1 : 0;
