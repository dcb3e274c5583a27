#!/usr/bin/env node
// Each binary of prebuilds/, on Linux x64: whether it is as it should be and, where a program here can load it, whether
// it works. Ends with a table and the line "N passed, N failed".
//
//   npm run test:prebuilds              all of them (npm run prebuild:all builds them)
//   npm run test:prebuilds -- arm64     only those whose name contains "arm64"
import { problemsOf } from '../../native/prebuilt/problems.js';
import { targets } from '../../native/prebuilt/targets.js';
import { buildTypeScript } from '../run/build.js';
import { run } from '../run/command.js';
import { report, sum, total } from '../run/report.js';
import { hostsOf } from './hosts.js';

const wanted = process.argv.slice(2);
const rows = [];

await buildTypeScript();
for (const target of targets.filter(({ name }) => wanted.every((word) => name.includes(word))))
  await report({ title: target.name, run: () => examined(target) });
console.log('');
for (const { name, by } of rows)
  console.log(`${name}: ${by.length > 0 ? `works in ${by.join(', ')}` : 'inspected, as nothing here can load it'}`);
process.exitCode = total();

async function examined(target) {
  const problems = problemsOf(target);
  if (problems.length > 0) {
    console.log(problems.map((problem) => `FAIL ${target.file} ${problem}`).join('\n'));
    return { failed: problems.length };
  }
  const counts = [{ passed: 1 }];
  const by = [];
  for (const host of await hostsOf(target)) {
    const { code, output } = await run(host.command, host.args, { env: host.env, output: 'collect', minutes: 5 });
    const ok = code === 0 && host.expected.test(output);
    console.log(ok ? `ok   ${host.name}` : `FAIL ${host.name}: exit code ${code}\n${output}`);
    counts.push(ok ? { passed: 1 } : { failed: 1 });
    if (ok) by.push(host.name);
  }
  rows.push({ name: target.name, by });
  return sum(counts);
}
