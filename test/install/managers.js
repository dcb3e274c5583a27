// The package managers that framepipe is installed with, and what each is told.
import { writeFileSync } from 'node:fs';
import { commandOf } from './download.js';

const NO_PREPARATION = () => {};

const npm = (version) => ({
  name: `npm ${version}`,
  command: () => commandOf(`npm@${version}`, 'npm'),
  prepare: NO_PREPARATION,
  add: (tarball) => ['install', '--no-audit', '--no-fund', tarball],
  node: [],
});

const pnpm = (version) => ({
  name: `pnpm ${version}`,
  command: () => commandOf(`pnpm@${version}`, 'pnpm'),
  prepare: NO_PREPARATION,
  add: (tarball) => ['add', tarball],
  node: [],
});

const yarn = (version, linker, node) => ({
  name: `yarn ${version} (${linker})`,
  command: () => commandOf(`@yarnpkg/cli-dist@${version}`, 'yarn'),
  prepare(folder) {
    writeFileSync(`${folder}/.yarnrc.yml`, `nodeLinker: ${linker}\nenableTelemetry: false\nenableGlobalCache: false\n`);
    writeFileSync(`${folder}/yarn.lock`, ''); // it is a project of its own, not a part of one further up
  },
  add: (tarball) => ['add', `framepipe@file:${tarball}`],
  node,
});

/** Each with its command's path, what to write into the folder before, its arguments, and Node's for programs there. */
export const managers = [
  npm('10.9.9'),
  npm('11.21.2'),
  npm('12.2.1'),
  pnpm('10.34.8'),
  pnpm('12.21.0'),
  yarn('4.18.1', 'node-modules', []),
  yarn('4.18.1', 'pnp', ['--require', './.pnp.cjs', '--loader', './.pnp.loader.mjs']),
];
