// Frames from one connection to another, through a process that forwards them: from the sender's first one to the receiver's
// last one. Sender and receiver are net tuned, in one process, for all contestants: only who is in the middle changes.
import { nanoseconds } from '../clock.js';
import { open } from '../rivals/net-tuned.js';

export const contestants = () => [
  { name: 'framepipe, sendMany(batch)', rival: 'framepipe', how: { by: 'batches' } },
  { name: 'framepipe, send(frame)', rival: 'framepipe', how: { by: 'for await' } },
  { name: 'net, pipe()', rival: 'net-naive' },
];

export const rows = (_, windows) => [
  { ours: 'framepipe, sendMany(batch)', theirs: 'net, pipe()', of: 'rate', least: windows ? 3 : 5 },
  { ours: 'framepipe, send(frame)', theirs: 'net, pipe()', of: 'rate' },
  { ours: 'framepipe, sendMany(batch)', theirs: 'net, pipe()', of: 'cpu' },
];

export const figures = () => ({
  rate: { unit: 'M frames/s', scale: 1e-6 },
  cpu: { unit: 'CPU s/M frames', scale: 1e6 },
});

export function server(rival, path, { how }) {
  const links = [];
  return {
    open: () =>
      rival.listen(path, (link) => {
        if (links.push(link) === 2) links[0].relay(links[1], how);
        return new Promise(() => {}); // open as long as the process is
      }),
  };
}

export function client(_, path, { size }) {
  const frame = Buffer.alloc(size, 'x');
  let from;
  let to;
  return {
    async open() {
      from = await open(path);
      to = await open(path);
    },
    async run(count) {
      const received = to.receive(count);
      const began = nanoseconds();
      await from.pour(frame, count);
      const bytes = await received;
      return { seconds: (nanoseconds() - began) / 1e9, bytes };
    },
  };
}

/** Frames for the first, untimed run. */
export const start = () => 20_000;

export async function round(pair, count, { size }) {
  const before = await pair.cpu();
  const { seconds, bytes } = await pair.client('run', count);
  const after = await pair.cpu();
  if (bytes !== count * size) throw new Error(`${bytes} bytes arrived of ${count * size}`);
  return { seconds, rate: count / seconds, cpu: (after - before) / count };
}
