// examples/device-bridge with 50 subscribers: fast, slow and dead ones.
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, it } from 'vitest';
import { framing, type PipeConnection } from '../lib/index.ts';
import { clientFor, uniqueName, until } from './support/pipes.ts';
import { type Program, root, start } from './support/programs.ts';
import { isLinux } from './support/system.ts';

const PATIENCE = 60_000;
const MARK = 262_144;
const BURSTS = 100;
/** Lines of a burst, which is far below the mark: who reads is never behind. */
const LINES = 32;
const LENGTH = 1000;
const FAST = { skip: 15, close: 15 };
const SLOW = { skip: 8, close: 8 };
/** Of the slow ones, so many never read again. */
const ASLEEP = 2;
const DEAD = 3;
const MIB = 1 << 20;

type Subscriber = PipeConnection<string>;

const line = (i: number) => `${i} `.padEnd(LENGTH, '.');
const example = (file: string, ...args: string[]) => start(path.join(root, 'examples/device-bridge', file), args);

async function subscriber(name: string, behind: 'skip' | 'close', highWaterMark?: number): Promise<Subscriber> {
  const pipe = await clientFor(name, { framing: framing.lines({ as: 'utf8' }), highWaterMark, timeout: PATIENCE });
  await pipe.send(behind);
  expect(await pipe.read()).toBe('subscribed');
  return pipe;
}

const several = (count: number, make: () => Promise<Subscriber>) => Promise.all(Array.from({ length: count }, make));

/** What a subscriber has got. */
class Got {
  readonly lines: string[] = [];
  readonly over: Promise<void>;

  constructor(pipe: Subscriber) {
    this.over = (async () => {
      for await (const batch of pipe.batches()) this.lines.push(...batch);
    })();
    this.over.catch(() => {});
  }

  /** The number of the last one. */
  get last(): number {
    return Number.parseInt(this.lines.at(-1) ?? '-1', 10);
  }
}

/** The most memory that the process has had, in bytes. */
function peak({ process }: Program): number {
  return 1024 * Number(/VmHWM:\s*(\d+)/.exec(readFileSync(`/proc/${process.pid}/status`, 'utf8'))![1]);
}

it('gives fast subscribers all, skips or closes slow ones, and forgets dead ones', {
  timeout: 4 * PATIENCE,
}, async () => {
  const name = uniqueName();
  const bridge = example('bridge.js', '--pipe', name);
  await until(() => bridge.output.includes('Serving'), 'it serves', PATIENCE);
  const programs = Array.from({ length: 1 + DEAD }, () => example('subscriber.js', '--pipe', name));
  await until(() => programs.every(({ output }) => output.includes('subscribed')), 'all have subscribed', PATIENCE);
  const [living, ...dying] = programs as [Program, ...Program[]];
  const fast = [
    ...(await several(FAST.skip, () => subscriber(name, 'skip'))),
    ...(await several(FAST.close, () => subscriber(name, 'close'))),
  ].map((pipe) => new Got(pipe));
  const slow = {
    skip: await several(SLOW.skip, () => subscriber(name, 'skip', 1)),
    close: await several(SLOW.close, () => subscriber(name, 'close', 1)),
  };
  expect(fast.length + slow.skip.length + slow.close.length + programs.length).toBe(50);

  let sent = 0;
  const burst = async () => {
    const lines = Array.from({ length: LINES }, () => line(sent++));
    bridge.process.stdin!.write(`${lines.join('\n')}\n`);
    const all = () => fast.every(({ last }) => last === sent - 1) && living.output.includes(`\n${sent - 1} .`);
    await until(all, `the fast ones have line ${sent - 1}`, PATIENCE);
  };
  const before = isLinux ? peak(bridge) : 0;
  for (let i = 0; i < BURSTS; i++) {
    if (i === BURSTS / 2) for (const { process } of dying) process.kill('SIGKILL');
    await burst();
  }
  if (isLinux) expect(peak(bridge) - before).toBeLessThan(32 * MIB); // the slow ones were sent 50 MB

  // Those who asked for it were ended; the others go on, and see by the numbers what they have missed.
  for (const pipe of slow.close) {
    const { lines, over } = new Got(pipe);
    await over;
    expect(lines).toEqual(Array.from(lines, (_, i) => line(i)));
    expect(lines.length).toBeLessThan(sent);
  }
  const awakened = slow.skip.slice(ASLEEP).map((pipe) => new Got(pipe));
  const missed = sent;
  while (!awakened.every(({ last }) => last >= missed)) await burst();

  bridge.process.stdin!.end();
  expect(await bridge.ended, bridge.output).toBe(0);
  await Promise.all([...fast, ...awakened].map(({ over }) => over));
  for (const { lines } of awakened) {
    const numbers = lines.map((each) => Number.parseInt(each, 10));
    expect(lines).toEqual(numbers.map(line));
    expect(numbers).toEqual([...new Set(numbers)].sort((a, b) => a - b));
    expect(lines.length).toBeLessThan(sent);
  }
  const everything = Array.from({ length: sent }, (_, i) => line(i));
  for (const { lines } of fast) expect(lines.join() === everything.join()).toBe(true);
  expect(await living.ended).toBe(0);
  expect(living.output).toBe(`subscribed\n${everything.join('\n')}\nThe bridge has closed.\n`);
  expect(bridge.output.match(/ERR_PIPE_BEHIND/g)).toHaveLength(SLOW.close);
  expect(bridge.output).toContain(` ${50 - SLOW.close - DEAD} subscribers`);
  expect(Number(/Longest queue: (\d+) bytes/.exec(bridge.output)![1])).toBeLessThanOrEqual(MARK + LINES * (LENGTH + 1));
});
