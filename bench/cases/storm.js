// Many clients at once, each: connect, a request, its reply, close. Again and again.
import { nanoseconds } from '../clock.js';

export const contestants = () => [
  { name: 'framepipe', rival: 'framepipe' },
  { name: 'net', rival: 'net-naive' },
];

export const rows = () => [
  { ours: 'framepipe', theirs: 'net', of: 'rate', least: 1.5 },
  { ours: 'framepipe', theirs: 'net', of: 'cpu' },
];

export const figures = () => ({
  rate: { unit: 'clients/s', scale: 1 },
  cpu: { unit: 'CPU µs each', scale: 1e6 },
});

export function server(rival, path) {
  return { open: () => rival.listen(path, (link) => link.echo()) };
}

export function client(rival, path, { clients, size }) {
  const frame = Buffer.alloc(size, 'x');
  return {
    open() {},
    async run(count) {
      const began = nanoseconds();
      for (let done = 0; done < count; done += clients) {
        await Promise.all(Array.from({ length: clients }, () => visit(rival, path, frame)));
      }
      return { seconds: (nanoseconds() - began) / 1e9 };
    },
  };
}

async function visit(rival, path, frame) {
  const link = await rival.open(path);
  const reply = await link.ask(frame);
  if (reply.length !== frame.length) throw new Error('not what was sent');
  await link.close();
}

/** Clients for the first, untimed run. */
export const start = ({ clients }) => 2 * clients;
/** Counts are multiples of this. */
export const step = ({ clients }) => clients;

export async function round(pair, count) {
  const before = await pair.cpu();
  const { seconds } = await pair.client('run', count);
  const after = await pair.cpu();
  return { seconds, rate: count / seconds, cpu: (after - before) / count };
}
