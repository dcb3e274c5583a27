// Running other programs.
import { spawn, spawnSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { Failure } from './report.js';

export const root = fileURLToPath(new URL('../..', import.meta.url)).replace(/[\\/]$/, '');

/**
 * Runs a program from the repository's root and resolves to `{ code, output }`; `code` is a number or a signal's name.
 * Its output is shown as it comes (`show`), collected, or dropped. After `minutes` it is killed, with all that it started.
 */
export function run(command, args, { env = {}, output: wanted = 'show', minutes = 15, cwd = root } = {}) {
  const stdio = { show: 'inherit', collect: 'pipe', drop: 'ignore' }[wanted];
  const id = randomUUID();
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, {
      cwd,
      env: { ...process.env, ...env, FRAMEPIPE_RUN: id },
      stdio: ['ignore', stdio, stdio],
      shell: process.platform === 'win32' && command === 'npm', // there it is npm.cmd
    });
    let output = '';
    child.stdout?.on('data', (data) => (output += data));
    child.stderr?.on('data', (data) => (output += data));
    const limit = setTimeout(() => {
      output += `\nkilled after ${minutes} minutes`;
      console.log(`${command} ${args.join(' ')}: killed after ${minutes} minutes`);
      killMarked(id);
      child.kill('SIGKILL');
    }, minutes * 60_000);
    child.on('error', reject);
    child.on('close', (code, signal) => {
      clearTimeout(limit);
      killMarked(id); // what a test has left behind
      resolve({ code: code ?? signal, output });
    });
  });
}

/** Runs a program that must succeed; what it printed is shown if it does not, or if the compiler warned. */
export async function must(command, args, options = {}) {
  const { code, output } = await run(command, args, { output: 'collect', ...options });
  if (code !== 0) throw new Failure(`${output.trimEnd()}\nfailed (${code}): ${command} ${args.join(' ')}`);
  if (output.includes('warning:')) console.log(output.trimEnd());
  return output;
}

// Under Wine the processes that a program starts are not in its process group, nor its descendants. All have inherited
// its environment, though; and so have Wine's own services, which other runs use as well.
function killMarked(id) {
  if (process.platform !== 'linux') return;
  for (const pid of readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
    try {
      if (!readFileSync(`/proc/${pid}/environ`, 'latin1').includes(`FRAMEPIPE_RUN=${id}`)) continue;
      if (!/wineserver|^C:\\windows\\/.test(readFileSync(`/proc/${pid}/cmdline`, 'latin1')))
        process.kill(Number(pid), 'SIGKILL');
    } catch {} // it has ended, or is somebody else's
  }
}

/** Makes sure that Debian packages are installed. */
export function needPackages(...names) {
  const { status } = spawnSync(`${root}/native/cross/packages.sh`, names, { stdio: 'inherit' });
  if (status !== 0) throw new Failure(`this phase needs ${names.join(', ')}`);
}
