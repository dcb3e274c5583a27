// Rivals that are packages: installed when asked for, in the versions and with the hashes of extra/package-lock.json, and
// without their install scripts (zeromq brings its binaries).
import { spawnSync } from 'node:child_process';
import { copyFileSync, existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';

const wanted = fileURLToPath(new URL('extra/', import.meta.url));
// Not the system's temporary folder: what Linux has installed is there under Wine, too.
const folder = fileURLToPath(new URL('../node_modules/.cache/framepipe/rivals/', import.meta.url));

export const requireExtra = createRequire(`${folder}package.json`);

/** What packages take that make a pipe's path on Windows themselves. */
export const nameOf = (path) => path.replace(/^\\\\\.\\pipe\\/, '');

/** False: they are not to be had. */
export function installExtra() {
  if (isInstalled()) return true;
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  copyFileSync(`${wanted}package.json`, `${folder}package.json`);
  copyFileSync(`${wanted}package-lock.json`, `${folder}package-lock.json`);
  const { status } = spawnSync('npm', ['ci', '--ignore-scripts', '--omit=optional', '--no-audit', '--no-fund'], {
    cwd: folder,
    stdio: ['ignore', 'ignore', 'inherit'],
    shell: process.platform === 'win32', // there it is npm.cmd
  });
  return status === 0;
}

// npm writes its own list into node_modules when it is through.
function isInstalled() {
  const lock = 'package-lock.json';
  return (
    existsSync(`${folder}node_modules/.${lock}`) &&
    readFileSync(folder + lock, 'utf8') === readFileSync(wanted + lock, 'utf8')
  );
}
