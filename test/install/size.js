#!/usr/bin/env node
// Fails if the npm package, or what it takes to work on it, has become larger than it may be.
//   node test/install/size.js
import { must, root } from '../run/command.js';

const MOST = { tarball: 2.5, node_modules: 200 }; // MB

const output = await must('npm', ['pack', '--dry-run', '--json', '--ignore-scripts', '--loglevel=error']);
const [{ size }] = JSON.parse(output);
const [bytes] = (await must('du', ['-sb', '--exclude=.cache', `${root}/node_modules`])).split('\t');
const sizes = { tarball: size / 1e6, node_modules: Number(bytes) / 1e6 };
for (const [name, most] of Object.entries(MOST)) {
  const ok = sizes[name] <= most;
  console.log(`${ok ? 'ok  ' : 'FAIL'} ${name}: ${sizes[name].toFixed(1)} MB of ${most}`);
  if (!ok) process.exitCode = 1;
}
