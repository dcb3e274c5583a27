// Frames in one direction, as fast as they go: from the sender's first one to the receiver's last one. On one connection, or
// on all of some at once.
import { nanoseconds } from '../clock.js';
import { extras } from '../rivals/index.js';

const SMALL = 1024;
const TARGETS = { 64: { net: 5, tuned: 3 }, 65536: { net: 3, raw: 0.8 }, 1048576: { net: 3 } };

export function contestants({ size, curve }) {
  if (curve) {
    return [
      { name: 'framepipe, for await', rival: 'framepipe', how: { by: 'for await' } },
      { name: 'framepipe, batches()', rival: 'framepipe', how: { by: 'batches', many: true } },
      { name: 'net', rival: 'net-naive' },
      { name: 'net tuned', rival: 'net-tuned' },
    ];
  }
  const ours = [
    { name: 'framepipe, for await', how: { by: 'for await' } },
    { name: 'framepipe, read()', how: { by: 'read' } },
    { name: 'framepipe, batches()', how: { by: 'batches', many: size <= SMALL } },
  ];
  if (size <= SMALL) {
    ours.push({ name: 'framepipe, sendMany, for await', how: { by: 'for await', many: true } });
    ours.push({ name: 'framepipe, batches(), each at(i)', how: { by: 'each of a batch', many: true } });
  }
  if (size > SMALL) ours.push({ name: 'framepipe, batches({ reuse: true })', how: { by: 'reuse' } });
  const others = [
    { name: 'net', rival: 'net-naive' },
    { name: 'net tuned', rival: 'net-tuned' },
  ];
  if (size <= SMALL) others.push({ name: 'net batched', rival: 'net-batched' });
  if (size <= SMALL) others.push({ name: 'net tuned, each a Buffer', rival: 'net-tuned', how: { frames: true } });
  others.push({ name: 'raw', rival: 'raw' }, ...extras({ size }));
  return [...ours.map((one) => ({ ...one, rival: 'framepipe' })), ...others];
}

export function rows({ size, curve }, windows) {
  const targets = TARGETS[size] ?? {};
  const best = size <= SMALL ? 'framepipe, batches()' : 'framepipe, for await';
  const rows = [];
  const row = (ours, theirs, least) => rows.push({ ours, theirs, of: 'rate', least });
  if (curve) {
    row('framepipe, for await', 'net');
    row('framepipe, batches()', 'net tuned');
    return rows;
  }
  row('framepipe, for await', 'net', targets.net);
  if (size <= SMALL) {
    row('framepipe, batches()', 'net batched', targets.tuned);
    row('framepipe, batches()', 'net tuned', targets.tuned);
    row('framepipe, sendMany, for await', 'net tuned, each a Buffer');
    row('framepipe, batches(), each at(i)', 'net tuned, each a Buffer');
  } else {
    row('framepipe, for await', 'net tuned');
  }
  if (size === 65536) row('framepipe, batches({ reuse: true })', 'raw', windows ? 0.95 : 0.9);
  row('framepipe, read()', 'net');
  row(best, 'raw', targets.raw);
  rows.push({ ours: best, theirs: 'net tuned', of: 'cpu' });
  for (const { name } of extras({ size })) row('framepipe, for await', name);
  return rows;
}

export const figures = ({ size }) => ({
  rate: size <= SMALL ? { unit: 'M frames/s', scale: 1e-6 } : { unit: 'GB/s', scale: size * 1e-9 },
  cpu: size <= SMALL ? { unit: 'CPU s/M frames', scale: 1e6 } : { unit: 'CPU s/GB', scale: 1e9 / size },
});

export function server(rival, path, { how, connections = 1 }) {
  const links = [];
  let linked;
  const all = new Promise((resolve) => {
    linked = resolve;
  });
  let received;
  return {
    open: () =>
      rival.listen(path, (link) => {
        if (links.push(link) === connections) linked();
        return new Promise(() => {}); // open as long as the process is
      }),
    async arm(count) {
      await all;
      received = Promise.all(links.map((link) => link.receive(count / connections, how))).then((bytes) => ({
        ended: nanoseconds(),
        bytes: bytes.reduce((sum, each) => sum + each, 0),
      }));
    },
    wait: () => received,
  };
}

export function client(rival, path, { size, how, connections = 1 }) {
  const frame = Buffer.alloc(size, 'x');
  const links = [];
  return {
    async open() {
      while (links.length < connections) links.push(await rival.open(path));
    },
    async run(count) {
      const began = nanoseconds();
      await Promise.all(links.map((link) => link.pour(frame, count / connections, how)));
      return { began };
    },
  };
}

/** Frames for the first, untimed run. */
export const start = ({ size }) => (size <= SMALL ? 50_000 : Math.ceil(2e8 / size));

/** Frames at each point of the curve. */
export const curve = 256_000;

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
