// Every state that a process can be in when it ends, in every way of ending (test/lifecycle.test.ts), under the
// sanitizers: nothing is used after it was released, and what can be released at the end is.
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const child = fileURLToPath(new URL('../support/lifecycle-child.js', import.meta.url));
const states = [
  'loaded',
  'listening',
  'accepting',
  'connected',
  'readPending',
  'writePending',
  'closing',
  'unlistened',
  'waitingForServer',
  'clientActing',
  'busy',
];
const codes = { close: 0, unref: 0, exit: 0, throw: 1, terminate: 0 };
// Node itself leaves most of its memory behind when it does not end by itself.
const endsByItself = ['close', 'unref'];

for (const state of states) {
  for (const [ending, code] of Object.entries(codes)) {
    const ASAN_OPTIONS = `${process.env.ASAN_OPTIONS}:detect_leaks=${endsByItself.includes(ending) ? 1 : 0}`;
    const { status, signal, stderr } = spawnSync(process.execPath, [child, state, ending], {
      encoding: 'utf8',
      env: { ...process.env, ASAN_OPTIONS },
    });
    if (status === code && !/Sanitizer|runtime error/.test(stderr)) continue;
    console.log(`${state}, then ${ending}: ended with ${signal ?? status}, not ${code}\n${stderr.slice(0, 5000)}`);
    process.exitCode = 1;
  }
}
