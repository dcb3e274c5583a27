#!/usr/bin/env node
// Runs the tests, all of them or some, and ends with the line "N passed, N failed".
//
//   npm test                                    everything this machine can run: Linux and, under Wine, Windows
//   npm run test:linux                          Linux only
//   npm run test:windows -- -v 24               Windows only, in Windows Node 24 (default: 22 and 24)
//   npm run test:linux -- listen -t 'name'      only vitest, with its own filters; on test:windows likewise
//   npm run test:linux -- -p fuzz,sanitize      only these phases
//
// FRAMEPIPE_TEST_NODES="24" is -v 24, FRAMEPIPE_FUZZ_SECONDS sets how long each fuzz target runs (20).
import { linuxPhases } from './run/linux.js';
import { report, total } from './run/report.js';
import { windowsPhases } from './run/windows.js';

const [system, ...rest] = /^(linux|windows)$/.test(process.argv[2])
  ? process.argv.slice(2)
  : ['all', ...process.argv.slice(2)];
const options = { nodes: (process.env.FRAMEPIPE_TEST_NODES ?? '22 24').split(/[ ,]+/), phases: [], vitest: [] };
while (rest.length > 0) {
  const argument = rest.shift();
  if (argument === '-v') options.nodes = rest.shift().split(',');
  else if (argument === '-p') options.phases = rest.shift().split(',');
  else options.vitest.push(argument);
}
// A filter names test files, so nothing else is meant.
if (options.vitest.length > 0 && options.phases.length === 0) options.phases = ['vitest'];

const phases = [];
// On Windows itself the tests of the addon are the Windows tests; the rest are tools of Linux.
if (process.platform === 'win32') phases.push(...linuxPhases(options).filter((phase) => phase.name === 'vitest'));
else {
  if (system !== 'windows') phases.push(...linuxPhases(options));
  if (system !== 'linux') phases.push(...windowsPhases(options));
}
const chosen = phases.filter((phase) => options.phases.length === 0 || options.phases.includes(phase.name));
if (chosen.length === 0) throw new Error(`no such phase; there are: ${phases.map((phase) => phase.name).join(', ')}`);

for (const phase of chosen) await report(phase);
process.exitCode = total();
