// What an open connection costs while nothing happens on it: memory that the process has more of, after each
// connection has carried a frame there and back. Every round is a fresh pair of processes.
import { setTimeout as pause } from 'node:timers/promises';

export const fresh = true;
/** Rounds at most: memory hardly differs from one to the next. */
export const mostRounds = 3;

export const contestants = () => [
  { name: 'framepipe', rival: 'framepipe' },
  { name: 'net', rival: 'net-naive' },
];

export const rows = () => [
  { ours: 'framepipe', theirs: 'net', of: 'server' },
  { ours: 'framepipe', of: 'server', most: 16 },
  { ours: 'framepipe', theirs: 'net', of: 'client' },
  { ours: 'framepipe', of: 'client', most: 16 },
];

export const figures = () => ({
  server: { unit: 'KiB each, server', scale: 1 },
  client: { unit: 'KiB each, client', scale: 1 },
});

async function rss() {
  await pause(100);
  for (let i = 0; i < 3; i++) globalThis.gc();
  return { rss: process.memoryUsage.rss() };
}

export function server(rival, path) {
  return { open: () => rival.listen(path, (link) => link.echo()), rss };
}

export function client(rival, path, { size }) {
  const frame = Buffer.alloc(size, 'x');
  const links = [];
  return {
    open() {},
    async run(count) {
      for (let i = 0; i < count; i++) {
        const link = await rival.open(path);
        await link.ask(frame);
        links.push(link);
      }
    },
    rss,
  };
}

export const start = () => 20; // what every process needs once is not counted

export async function round(pair, _count, { connections }) {
  await pair.client('run', start());
  const before = [await pair.server('rss'), await pair.client('rss')];
  await pair.client('run', connections);
  const after = [await pair.server('rss'), await pair.client('rss')];
  const [server, client] = before.map(({ rss }, i) => (after[i].rss - rss) / 1024 / connections);
  return { seconds: 0, server, client };
}
