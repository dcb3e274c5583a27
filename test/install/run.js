#!/usr/bin/env node
// The npm package as a user installs it, from the tarball alone, in an empty folder, with nothing but Node.js and sh in
// reach: by each package manager, and then used in each version of Node.js. Ends with the line "N passed, N failed".
//
//   npm run test:install              all of it; needs all binaries (npm run prebuild:all)
//   npm run test:install -- pnpm      only package managers whose name contains "pnpm"
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { must, root, run } from '../run/command.js';
import { report, total } from '../run/report.js';
import { nodeFor } from './download.js';
import { managers } from './managers.js';

const NODES = ['20.19.0', '22.12.0', '24.21.0', '26.12.1'];
const ofManagers = '24.21.0'; // that all of them run in
/** What a package manager says when it meets scripts, or takes the package for something to be built. */
const COMPLAINT = /warn|ignored|build script|allow-scripts|approve|rebuild|gyp/i;
/** What npm says of the configuration of whoever runs this, and Yarn of its own loader for ES modules. */
const OTHER_WARNINGS = /Unknown (user|env|project) config|YN0092|Done with warnings/;

const wanted = process.argv.slice(2);
const folder = mkdtempSync(`${tmpdir()}/framepipe-install-`);
const tarball = await pack();
for (const manager of managers.filter(({ name }) => wanted.every((word) => name.includes(word))))
  await report({ title: manager.name, run: () => installed(manager) });
rmSync(folder, { recursive: true, force: true });
process.exitCode = total();

async function pack() {
  const output = await must('npm', ['pack', '--json', '--loglevel=error', `--pack-destination=${folder}`]);
  const [{ filename, size, unpackedSize }] = JSON.parse(output.slice(output.indexOf('[')));
  console.log(`${filename}: ${(size / 1e6).toFixed(2)} MB, unpacked ${(unpackedSize / 1e6).toFixed(2)} MB`);
  return `${folder}/${filename}`;
}

async function installed(manager) {
  const app = `${folder}/${manager.name.replaceAll(/\W+/g, '-')}`;
  mkdirSync(app);
  writeFileSync(`${app}/package.json`, '{ "name": "app", "private": true }\n');
  cpSync(`${root}/test/install/first.mjs`, `${app}/first.mjs`);
  manager.prepare(app);
  const count = { passed: 0, failed: 0 };
  const check = (what, failure) => {
    count[failure === undefined ? 'passed' : 'failed']++;
    console.log(failure === undefined ? `ok   ${what}` : `FAIL ${what}\n${failure}`);
  };

  const env = await environment(await nodeFor(ofManagers));
  const { code, output } = await run(await manager.command(), manager.add(tarball), {
    cwd: app,
    env,
    output: 'collect',
    minutes: 3,
  });
  const said = output.split('\n').filter((line) => COMPLAINT.test(line) && !OTHER_WARNINGS.test(line));
  check('installs', code === 0 ? undefined : `exit code ${code}\n${output}`);
  check('says nothing of scripts', said.length === 0 ? undefined : said.join('\n'));
  for (const version of NODES) {
    const node = await nodeFor(version);
    const program = await run(node, [...manager.node, 'first.mjs'], {
      cwd: app,
      env: await environment(node),
      output: 'collect',
      minutes: 1,
    });
    const ok = program.code === 0 && /^ok linux-\w+ v[\d.]+$/m.test(program.output);
    check(`a first program, Node ${version}`, ok ? undefined : `exit code ${program.code}\n${program.output}`);
  }
  return count;
}

// Only this Node.js and sh can be found: no compiler, no make, no Python.
async function environment(node) {
  const bin = mkdtempSync(`${folder}/bin-`);
  symlinkSync(node, `${bin}/node`);
  symlinkSync('/bin/sh', `${bin}/sh`);
  return { PATH: bin, NO_COLOR: '1', CI: '', npm_config_update_notifier: 'false' };
}
