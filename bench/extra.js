// A rival that is a package of its own: installed, when asked for, into a folder outside the repository, in this version
// and without install scripts (it brings its binaries).
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const name = 'zeromq';
const version = '6.8.0';
const folder = join(tmpdir(), 'framepipe-bench-rivals');

export const requireExtra = createRequire(join(folder, 'package.json'));

/** False: it is not to be had. */
export function installExtra() {
  if (existsSync(join(folder, 'node_modules', name))) return true;
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'package.json'), '{ "private": true }');
  const { status } = spawnSync(
    'npm',
    ['install', '--ignore-scripts', '--no-audit', '--no-fund', `${name}@${version}`],
    {
      cwd: folder,
      stdio: ['ignore', 'ignore', 'inherit'],
      shell: process.platform === 'win32', // there it is npm.cmd
    },
  );
  return status === 0;
}
