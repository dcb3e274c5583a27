#!/usr/bin/env node
// The npm package as a user installs it, from the tarball alone, in an empty folder, with nothing but Node.js and sh in
// reach: by each package manager, and then used in each version of Node.js, here and on other systems; and by the tools
// that programs are tested and bundled with. Ends with the line "N passed, N failed".
//
//   npm run test:install              all of it; needs all binaries (npm run prebuild:all)
//   npm run test:install -- pnpm      only what has a name that contains "pnpm"
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { NODES, nodesOf } from '../prebuilds/hosts.js';
import { must, root, run } from '../run/command.js';
import { report, total } from '../run/report.js';
import { nodeFor } from './download.js';
import { managers } from './managers.js';
import { files, tools } from './tools.js';

const usual = '24.21.0'; // the Node.js of package managers and tools
/** What a package manager says when it meets scripts, or takes the package for something to be built. */
const COMPLAINT = /warn|ignored|build script|allow-scripts|approve|rebuild|gyp/i;
/** What npm says of the configuration of whoever runs this, and Yarn of its own loader for ES modules. */
const OTHER_WARNINGS = /Unknown (user|env|project) config|YN0092|Done with warnings/;

const wanted = process.argv.slice(2);
const folder = mkdtempSync(`${tmpdir()}/framepipe-install-`);
const tarball = await pack();
const phases = [
  ...managers.map((manager) => ({ title: manager.name, run: (check) => installed(manager, check) })),
  { title: 'other systems', run: elsewhere },
  { title: 'tools', run: withTools },
];
for (const { title, run } of phases.filter(({ title }) => wanted.every((word) => title.includes(word))))
  await report({ title, run: () => counted(run) });
rmSync(folder, { recursive: true, force: true });
process.exitCode = total();

async function pack() {
  const output = await must('npm', ['pack', '--json', '--loglevel=error', `--pack-destination=${folder}`]);
  const [{ filename, size, unpackedSize }] = JSON.parse(output.slice(output.indexOf('[')));
  console.log(`${filename}: ${(size / 1e6).toFixed(2)} MB, unpacked ${(unpackedSize / 1e6).toFixed(2)} MB`);
  return `${folder}/${filename}`;
}

/** Calls the phase with a function that notes what was tried, and why it failed. */
async function counted(phase) {
  const count = { passed: 0, failed: 0 };
  await phase((what, failure) => {
    count[failure === undefined ? 'passed' : 'failed']++;
    console.log(failure === undefined ? `ok   ${what}` : `FAIL ${what}\n${failure}`);
  });
  return count;
}

async function installed(manager, check) {
  const app = await emptyApp(manager.name);
  manager.prepare(app);
  const { code, output } = await run(await manager.command(), manager.add(tarball), {
    cwd: app,
    env: await environment(await nodeFor(usual)),
    output: 'collect',
    minutes: 3,
  });
  const said = output.split('\n').filter((line) => COMPLAINT.test(line) && !OTHER_WARNINGS.test(line));
  check('installs', code === 0 ? undefined : `exit code ${code}\n${output}`);
  check('says nothing of scripts', said.length === 0 ? undefined : said.join('\n'));
  for (const version of NODES) {
    const node = await nodeFor(version);
    const command = [node, ...manager.node, 'first.mjs'];
    const expected = new RegExp(`^ok linux-\\w+ v${version}$`, 'm');
    check(`a first program, Node ${version}`, await failureOf(command, app, await environment(node), expected));
  }
}

// What npm has installed is for all systems.
async function elsewhere(check) {
  const app = await installedByNpm('elsewhere', []);
  for (const target of ['linux-x64', 'linux-arm64', 'win32-x64'])
    for (const { name, command, env, expected } of await nodesOf(target))
      check(`${target}: ${name}`, await failureOf([...command, 'first.mjs'], app, env, expected));
}

async function withTools(check) {
  const app = await installedByNpm('tools', [...new Set(tools.flatMap(({ packages }) => packages))]);
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(path.dirname(`${app}/${name}`), { recursive: true });
    writeFileSync(`${app}/${name}`, text);
  }
  const node = await environment(await nodeFor(usual));
  const env = { ...node, NODE_OPTIONS: '--experimental-vm-modules' }; // for jest
  const programs = { node: `${node.PATH}/node`, './executable': `${app}/executable` };
  for (const { name, commands, prints, fails } of tools) {
    const last = commands.at(-1);
    let failure;
    for (const command of commands) {
      const [program, ...args] = command;
      const full = [programs[program] ?? `${app}/node_modules/.bin/${program}`, ...args];
      failure ??= await failureOf(full, app, env, ...(command === last ? [prints, fails] : []));
    }
    check(name, failure);
  }
}

/** What the program wrote, if it did not end as it should, or did not write that. */
async function failureOf([program, ...args], cwd, env, expected = /^/, fails = false) {
  const { code, output } = await run(program, args, { cwd, env, output: 'collect', minutes: 3 });
  const ok = (code === 0) === !fails && expected.test(output);
  return ok ? undefined : `${[program, ...args].join(' ')}: exit code ${code}\n${output}`;
}

async function installedByNpm(name, packages) {
  const app = await emptyApp(name);
  await must('npm', ['install', '--no-audit', '--no-fund', '--ignore-scripts', tarball, ...packages], { cwd: app });
  return app;
}

async function emptyApp(name) {
  const app = `${folder}/${name.replaceAll(/\W+/g, '-')}`;
  mkdirSync(app);
  writeFileSync(`${app}/package.json`, '{ "name": "app", "private": true }\n');
  cpSync(`${root}/test/install/first.mjs`, `${app}/first.mjs`);
  return app;
}

// Only this Node.js and sh can be found: no compiler, no make, no Python.
async function environment(node) {
  const bin = mkdtempSync(`${folder}/bin-`);
  symlinkSync(node, `${bin}/node`);
  symlinkSync('/bin/sh', `${bin}/sh`);
  return { PATH: bin, NO_COLOR: '1', CI: '', npm_config_update_notifier: 'false' };
}
