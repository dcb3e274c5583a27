#!/usr/bin/env node
// npm run check: what publint and "Are the types wrong?" say of the package. Packed without `prepack`, which refuses a
// package without binaries: here they do not matter.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { must, run } from './command.js';

const folder = mkdtempSync(`${tmpdir()}/framepipe-check-`);
const pack = ['pack', '--json', '--ignore-scripts', '--loglevel=error', `--pack-destination=${folder}`];
const [{ filename }] = JSON.parse(await must('npm', pack));
const checks = [
  ['publint/src/cli.js', 'run', '--strict', `${folder}/${filename}`],
  ['@arethetypeswrong/cli/dist/index.js', `${folder}/${filename}`, '--ignore-rules', 'cjs-resolves-to-esm'],
];
for (const [script, ...args] of checks) {
  const { code } = await run(process.execPath, [`node_modules/${script}`, ...args]);
  if (code !== 0) process.exitCode = 1;
}
rmSync(folder, { recursive: true });
