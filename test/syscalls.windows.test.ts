// How often Windows is asked: a measure of speed that no load on the machine changes much. Counted are the calls into
// ntdll's Nt functions, each of which is a system call on Windows, as Wine logs them; not those within ntdll (locks).
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { uniqueName, until } from './support/pipes.ts';
import { isWine, on } from './support/system.ts';

const TRIPS = 500;

/** The calls of our server for each round trip, at most. Whoever saves one lowers it here. */
const MOST: Record<string, number> = {
  NtReadFile: 1.1, // counted: 1.00
  NtWriteFile: 1.1, // 1.00
  NtRemoveIoCompletionEx: 3.6, // 1.5 when a thread busy-polled, 3.0 when it never did
  NtSetIoCompletion: 1.2, // 0.3; 1.0
};
/** All of them together. */
const MOST_IN_ALL = 6.8;
/** Of all that is not named above: memory, and what happens by the clock. */
const MOST_OTHERS = 0.1;
/** A thread that busy-polls yields to others, as often as there is time for. */
const GIVING_WAY = ['NtDelayExecution', 'NtYieldExecution'];
/** That it does not poll for long. */
const MOST_GIVING_WAY = 100; // 0 to 15

/** The calls of an echo server for each round trip, by name, the most frequent first. */
async function callsOf(server: 'framepipe' | 'net'): Promise<Record<string, number>> {
  const folder = fileURLToPath(new URL('../node_modules/.cache/framepipe/trace', import.meta.url));
  mkdirSync(folder, { recursive: true });
  const out = `${folder}\\${uniqueName()}`;
  const support = (file: string) => fileURLToPath(new URL(`support/${file}`, import.meta.url));
  try {
    // cmd.exe starts Unix programs, and does not wait for them.
    const script = [support('counted.sh'), out, process.execPath, support('counted-child.js'), server, String(TRIPS)];
    spawnSync('cmd', ['/c', ...script]);
    await until(() => existsSync(`${out}.code`), 'the server was asked', 50_000);
    expect(readFileSync(`${out}.code`, 'utf8').trim(), readFileSync(`${out}.client`, 'utf8')).toBe('0');
    return callsBetweenMarks(readFileSync(out, 'latin1'), TRIPS);
  } finally {
    for (const ending of ['', '.code', '.client']) rmSync(out + ending, { force: true });
  }
}

function callsBetweenMarks(log: string, trips: number): Record<string, number> {
  const [before, between, after, ...more] = log.split(/^mark\r?$/m);
  expect([before, between, after, more.length]).toEqual([expect.anything(), expect.anything(), expect.anything(), 0]);
  const counts = new Map<string, number>();
  for (const [, name] of between!.matchAll(/^[0-9a-f]+:Call ntdll\.(Nt\w+)\(/gm))
    counts.set(name!, (counts.get(name!) ?? 0) + 1);
  const sorted = [...counts].sort(([, a], [, b]) => b - a);
  return Object.fromEntries(sorted.map(([name, count]) => [name, count / trips]));
}

const sum = (calls: Record<string, number>, which: (name: string) => boolean) =>
  Object.entries(calls).reduce((all, [name, each]) => all + (which(name) ? each : 0), 0);

it('a log is counted from its one mark to the other', () => {
  const call = (name: string) => `00a4:Call ntdll.${name}(00000000,"two\\nlines") ret=6fff0000\r\n`;
  const log = `${call('NtOpenFile')}mark\r\n${call('NtClose')}${call('NtReadFile')}${call('NtReadFile')}mark\r\n`;
  expect(callsBetweenMarks(log, 2)).toEqual({ NtReadFile: 1, NtClose: 0.5 });
  expect(() => callsBetweenMarks(log.replace('mark', ''), 2)).toThrow();
});

on(isWine, 'the calls of a round trip', () => {
  it('are few, and those that are known', { timeout: 60_000 }, async () => {
    const calls = await callsOf('framepipe');
    const counted = JSON.stringify(calls);
    expect(calls.NtReadFile, counted).toBeGreaterThan(0.9); // or nothing was counted
    expect(calls.NtWriteFile, counted).toBeGreaterThan(0.9);
    for (const [name, most] of Object.entries(MOST)) expect(calls[name] ?? 0, `${name}: ${counted}`).toBeLessThan(most);
    const known = sum(calls, (name) => name in MOST);
    const waiting = sum(calls, (name) => GIVING_WAY.includes(name));
    expect(known, counted).toBeLessThan(MOST_IN_ALL);
    expect(waiting, counted).toBeLessThan(MOST_GIVING_WAY);
    expect(sum(calls, () => true) - known - waiting, counted).toBeLessThan(MOST_OTHERS);
  });

  it("are what net's are counted by, too: two to receive, one to send, two or three to wait", {
    timeout: 60_000,
  }, async () => {
    const calls = await callsOf('net');
    const counted = JSON.stringify(calls);
    expect(calls.NtReadFile, counted).toBeCloseTo(2, 1);
    expect(calls.NtWriteFile, counted).toBeCloseTo(1, 1);
    expect(calls.NtRemoveIoCompletionEx, counted).toBeGreaterThan(1);
    expect(
      sum(calls, () => true),
      counted,
    ).toBeLessThan(6.5);
  });
});
