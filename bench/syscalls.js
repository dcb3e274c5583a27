// Counts the system calls of one round with strace, which is attached to both processes for as long as the round takes.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';

/** By contestant: calls per frame (round trip, client) of each process, the most frequent ones named. */
export async function countCalls(running, entry, work) {
  const counted = {};
  for (const { contestant, pair, count } of running) {
    if (!pair) continue;
    const step = work.step?.(entry.options) ?? 1;
    const few = Math.ceil(count / 20 / step) * step; // strace is slow
    const folder = mkdtempSync(`${tmpdir()}/framepipe-strace-`);
    const traces = await Promise.all(Object.entries(pair.pids).map(([side, pid]) => attach(side, pid, folder)));
    await work.round(pair, few, entry.options);
    counted[contestant.name] = Object.fromEntries(await Promise.all(traces.map((trace) => trace.result(few))));
    rmSync(folder, { recursive: true });
  }
  return counted;
}

async function attach(side, pid, folder) {
  const file = `${folder}/${side}`;
  const strace = spawn('strace', ['-f', '-c', '-S', 'calls', '-o', file, '-p', String(pid)], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  await new Promise((resolve, reject) => {
    strace.on('error', reject);
    strace.stderr.on('data', (text) => {
      if (String(text).includes('attached')) resolve();
    });
    strace.on('exit', () => reject(new Error('strace could not attach: it needs the right to trace (ptrace_scope)')));
  });
  const result = async (count) => {
    strace.kill('SIGINT');
    await once(strace, 'close');
    const calls = [];
    for (const line of readFileSync(file, 'utf8').split('\n')) {
      const [, number, name] = /^\s*[\d.]+\s+[\d.]+\s+\d+\s+(\d+)\s+(?:\d+\s+)?(\w+)$/.exec(line) ?? [];
      if (name && name !== 'total') calls.push([name, Number(number) / count]);
    }
    return [side, calls];
  };
  return { result };
}

export function showCalls(counted) {
  for (const [name, sides] of Object.entries(counted)) {
    for (const [side, calls] of Object.entries(sides)) {
      const all = calls.reduce((sum, [, each]) => sum + each, 0);
      const most = calls.slice(0, 5).map(([call, each]) => `${call} ${each.toPrecision(3)}`);
      console.log(`${name}, ${side}: ${all.toPrecision(3)} system calls each (${most.join(', ')})`);
    }
  }
}
