// A small frame there and back, on each of some connections, one after another on each and all connections at once.
import { nanoseconds } from '../clock.js';
import { extras } from '../rivals/index.js';

export function contestants({ size, connections, curve }) {
  const all = [
    { name: 'framepipe', rival: 'framepipe' },
    { name: 'net', rival: 'net-naive' },
    { name: 'net tuned', rival: 'net-tuned' },
  ];
  if (connections === 1 && !curve) all.push({ name: 'raw', rival: 'raw' }, ...extras({ size }));
  return all;
}

export function rows({ size, connections, curve }, windows) {
  const row = (theirs, of, limit = {}) => ({ ours: 'framepipe', theirs, of, ...limit });
  if (curve) return [row('net', 'rate'), row('net tuned', 'rate')];
  if (connections > 1) {
    return [
      row('net', 'rate', connections === 32 ? { least: 1.5 } : {}),
      row('net', 'p99'),
      row('net', 'p999'),
      row('net tuned', 'rate'),
      row('net tuned', 'cpu'),
    ];
  }
  const isTarget = size === 64;
  const nearNet = isTarget ? { most: 0.75 } : {};
  const nearRaw = isTarget ? { most: windows ? 1.2 : 2 } : {};
  return [
    row('net', 'p50', nearNet),
    row('net', 'p99', nearNet),
    row('net', 'p999'),
    row('net tuned', 'p50'),
    row('raw', 'p50', nearRaw),
    row('raw', 'p99', nearRaw),
    row('net tuned', 'cpu'),
    ...extras({ size }).map(({ name }) => row(name, 'p50')),
  ];
}

const rate = { rate: { unit: 'round trips/s', scale: 1 } };

export const figures = ({ connections }) => ({
  // The first one is what --also compares.
  ...(connections > 1 && rate),
  p50: { unit: 'µs, half', scale: 1 },
  p99: { unit: 'µs, 99 %', scale: 1 },
  p999: { unit: 'µs, 99.9 %', scale: 1 },
  ...rate,
  cpu: { unit: 'CPU µs each', scale: 1e6 },
});

export function server(rival, path) {
  return { open: () => rival.listen(path, (link) => link.echo()) };
}

export function client(rival, path, { size, connections }) {
  const frame = Buffer.alloc(size, 'x');
  let links;
  return {
    async open() {
      links = [];
      while (links.length < connections) links.push(await rival.open(path));
    },
    async run(count) {
      const each = count / connections;
      const times = new Float64Array(count);
      const began = nanoseconds();
      await Promise.all(links.map((link, i) => ask(link, frame, times.subarray(i * each, (i + 1) * each))));
      const seconds = (nanoseconds() - began) / 1e9;
      times.sort();
      const at = (part) => times[Math.floor(times.length * part)] * 1000;
      return { seconds, p50: at(0.5), p99: at(0.99), p999: at(0.999) };
    },
  };
}

async function ask(link, frame, times) {
  for (let i = 0; i < times.length; i++) {
    const asked = performance.now();
    const reply = await link.ask(frame);
    times[i] = performance.now() - asked;
    if (reply.length !== frame.length) throw new Error('not what was sent');
  }
}

/** Round trips for the first, untimed run. */
export const start = ({ connections }) => Math.ceil(2000 / connections) * connections;
/** Counts are multiples of this. */
export const step = ({ connections }) => connections;
/** Round trips at each point of the curve. */
export const curve = 32_000;

export async function round(pair, count) {
  const before = await pair.cpu();
  const { seconds, ...times } = await pair.client('run', count);
  const after = await pair.cpu();
  return { seconds, ...times, rate: count / seconds, cpu: (after - before) / count };
}
