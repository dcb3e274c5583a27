// Programs from npm that the tests run but do not depend on: other versions of Node.js, package managers.
import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { must } from '../run/command.js';

const cache = `${process.env.XDG_CACHE_HOME || `${homedir()}/.cache`}/framepipe/npm`;

/** A folder that has a package, such as `pnpm@12.21.0`, in its node_modules. */
async function installed(name) {
  const folder = `${cache}/${name.replaceAll('/', '+')}`;
  if (existsSync(folder)) return folder;
  mkdirSync(cache, { recursive: true });
  const beside = mkdtempSync(`${cache}/new-`); // renamed when complete: another run may look
  writeFileSync(`${beside}/package.json`, '{ "private": true }');
  // Without the checks of what it is for: a Node.js for another processor is run by an emulator.
  await must('npm', ['install', '--force', '--no-audit', '--no-fund', '--loglevel=error', name], { cwd: beside });
  rmSync(folder, { recursive: true, force: true });
  renameSync(beside, folder);
  return folder;
}

/** The path of a Node.js for a system, such as `linux-arm64` or `win-x64`. */
export async function nodeFor(version, system = `linux-${process.arch}`) {
  const name = `node-${system}`;
  return `${await installed(`${name}@${version}`)}/node_modules/${name}/bin/node${system.startsWith('win') ? '.exe' : ''}`;
}

/** The path of a package's command. */
export async function commandOf(name, command) {
  return `${await installed(name)}/node_modules/.bin/${command}`;
}
