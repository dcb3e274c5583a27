// Frames in one direction, as fast as they go: from the sender's first one to the receiver's last one.
import { nanoseconds } from '../clock.js';

const SMALL = 1024;
const extra = { name: 'zeromq', rival: 'zeromq', extra: true };

export function contestants({ size }) {
  const ours = [
    { name: 'framepipe, for await', how: { by: 'for await' } },
    { name: 'framepipe, read()', how: { by: 'read' } },
    { name: 'framepipe, batches()', how: { by: 'batches', many: size <= SMALL } },
  ];
  if (size <= SMALL) {
    ours.push({ name: 'framepipe, sendMany, for await', how: { by: 'for await', many: true } });
    ours.push({ name: 'framepipe, batches(), each at(i)', how: { by: 'each of a batch', many: true } });
  }
  const others = [
    { name: 'net', rival: 'net-naive' },
    { name: 'net tuned', rival: 'net-tuned' },
  ];
  if (size <= SMALL) others.push({ name: 'net tuned, each a Buffer', rival: 'net-tuned', how: { frames: true } });
  others.push({ name: 'raw', rival: 'raw' }, extra);
  return [...ours.map((one) => ({ ...one, rival: 'framepipe' })), ...others];
}

export function rows({ size }) {
  const best = size <= SMALL ? 'framepipe, batches()' : 'framepipe, for await';
  const rows = [];
  const row = (ours, theirs, least) => rows.push({ ours, theirs, of: 'rate', least });
  row('framepipe, for await', 'net', size <= SMALL ? 5 : 3);
  if (size <= SMALL) {
    row('framepipe, batches()', 'net tuned', 3);
    row('framepipe, sendMany, for await', 'net tuned, each a Buffer');
    row('framepipe, batches(), each at(i)', 'net tuned, each a Buffer');
  } else {
    row('framepipe, for await', 'net tuned');
  }
  row('framepipe, read()', 'net');
  row(best, 'raw', size === 64 * 1024 ? 0.8 : undefined);
  rows.push({ ours: best, theirs: 'net tuned', of: 'cpu' });
  row('framepipe, for await', extra.name);
  return rows;
}

export const figures = ({ size }) => ({
  rate: size <= SMALL ? { unit: 'M frames/s', scale: 1e-6 } : { unit: 'GB/s', scale: size * 1e-9 },
  cpu: size <= SMALL ? { unit: 'CPU s/M frames', scale: 1e6 } : { unit: 'CPU s/GB', scale: 1e9 / size },
});

export function server(rival, path, { how }) {
  let linked;
  const link = new Promise((resolve) => {
    linked = resolve;
  });
  let received;
  return {
    open: () =>
      rival.listen(path, (link) => {
        linked(link);
        return new Promise(() => {}); // open as long as the process is
      }),
    async arm(count) {
      received = (await link).receive(count, how).then((bytes) => ({ ended: nanoseconds(), bytes }));
    },
    wait: () => received,
  };
}

export function client(rival, path, { size, how }) {
  const frame = Buffer.alloc(size, 'x');
  let link;
  return {
    async open() {
      link = await rival.open(path);
    },
    async run(count) {
      const began = nanoseconds();
      await link.pour(frame, count, how);
      return { began };
    },
  };
}

/** Frames for the first, untimed run. */
export const start = ({ size }) => (size <= SMALL ? 50_000 : Math.ceil(2e8 / size));

export async function round(pair, count, { size }) {
  await pair.server('arm', count);
  const before = await pair.cpu();
  const waiting = pair.server('wait');
  const { began } = await pair.client('run', count);
  const { ended, bytes } = await waiting;
  const after = await pair.cpu();
  if (bytes !== count * size) throw new Error(`${bytes} bytes arrived of ${count * size}`);
  const seconds = (ended - began) / 1e9;
  return { seconds, rate: count / seconds, cpu: (after - before) / count };
}
