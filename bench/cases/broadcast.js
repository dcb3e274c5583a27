// One server, and the same small frames for many subscribers, all of which get all of them: from the first frame to the last
// one of the last subscriber.
import { nanoseconds } from '../clock.js';

export const contestants = () => [
  { name: 'framepipe', rival: 'framepipe' },
  { name: 'net', rival: 'net-naive' },
];

export const rows = (_, windows) => [
  { ours: 'framepipe', theirs: 'net', of: 'rate', least: windows ? 3 : 5 },
  { ours: 'framepipe', theirs: 'net', of: 'cpu' },
];

export const figures = ({ subscribers }) => ({
  rate: { unit: 'broadcasts/s', scale: 1 },
  cpu: { unit: 'CPU µs each frame', scale: 1e6 / subscribers },
});

export function server(rival, path, { size, subscribers }) {
  const frame = Buffer.alloc(size, 'x');
  let publisher;
  return {
    async open() {
      publisher = await rival.publish(path);
    },
    async run(count) {
      await publisher.until(subscribers);
      const began = nanoseconds();
      await publisher.pour(frame, count);
      return { began };
    },
  };
}

export function client(rival, path, { subscribers }) {
  const links = [];
  let received;
  return {
    async open() {
      while (links.length < subscribers) links.push(await rival.open(path));
    },
    arm(count) {
      received = Promise.all(links.map((link) => link.receive(count))).then((bytes) => ({
        ended: nanoseconds(),
        bytes: bytes.reduce((sum, each) => sum + each, 0),
      }));
    },
    wait: () => received,
  };
}

/** Broadcasts for the first, untimed run. */
export const start = () => 500;

export async function round(pair, count, { size, subscribers }) {
  await pair.client('arm', count);
  const before = await pair.cpu();
  const waiting = pair.client('wait');
  const { began } = await pair.server('run', count);
  const { ended, bytes } = await waiting;
  const after = await pair.cpu();
  if (bytes !== count * size * subscribers) throw new Error(`${bytes} bytes arrived of ${count * size * subscribers}`);
  const seconds = (ended - began) / 1e9;
  return { seconds, rate: count / seconds, cpu: (after - before) / count };
}
