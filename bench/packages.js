// Packages that only the benchmark needs, or one test: installed when they are asked for, in the versions and with the hashes of
// packages/NAME/package-lock.json, and without their install scripts (zeromq brings its binaries).
import { spawnSync } from 'node:child_process';
import { copyFileSync, existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';

const LOCK = 'package-lock.json';

/** `require` for the packages of packages/NAME. Throws if they cannot be installed. */
export function packagesOf(name) {
  const wanted = fileURLToPath(new URL(`packages/${name}/`, import.meta.url));
  // Not the system's temporary folder: what Linux has installed is there under Wine, too.
  const folder = fileURLToPath(new URL(`../node_modules/.cache/framepipe/${name}/`, import.meta.url));
  if (!isInstalled(wanted, folder)) install(name, wanted, folder);
  return createRequire(`${folder}package.json`);
}

function install(name, wanted, folder) {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  for (const file of ['package.json', LOCK]) copyFileSync(wanted + file, folder + file);
  const { status } = spawnSync('npm', ['ci', '--ignore-scripts', '--omit=optional', '--no-audit', '--no-fund'], {
    cwd: folder,
    stdio: ['ignore', 'ignore', 'inherit'],
    shell: process.platform === 'win32', // there it is npm.cmd
  });
  if (status !== 0) throw new Error(`the packages of bench/packages/${name} could not be installed`);
}

// npm writes its own list into node_modules when it is through.
function isInstalled(wanted, folder) {
  return (
    existsSync(`${folder}node_modules/.${LOCK}`) &&
    readFileSync(folder + LOCK, 'utf8') === readFileSync(wanted + LOCK, 'utf8')
  );
}
