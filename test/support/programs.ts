// Programs of their own, as a reader of the README starts them.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { onTestFinished } from 'vitest';

export const root: string = fileURLToPath(new URL('../..', import.meta.url));

export interface Program {
  process: ChildProcess;
  /** What it has written so far, errors included. */
  output: string;
  /** Its exit code, when all of its output is there. */
  ended: Promise<number | null>;
}

/** Starts a program of Node's: it is killed when the test is over. */
export function start(
  file: string,
  args: string[],
  options: { uid?: number; gid?: number; cwd?: string } = {},
): Program {
  return run(process.execPath, [file, ...args], options);
}

/** Starts any program: it is killed when the test is over. */
export function run(
  command: string,
  args: string[],
  options: { uid?: number; gid?: number; cwd?: string; env?: NodeJS.ProcessEnv } = {},
): Program {
  const child = spawn(command, args, { stdio: ['pipe', 'pipe', 'pipe'], ...options });
  const program: Program = { process: child, output: '', ended: once(child, 'close').then(([code]) => code) };
  const collect = (chunk: Buffer) => {
    program.output += chunk;
  };
  child.stdout.on('data', collect);
  child.stderr.on('data', collect);
  onTestFinished(() => void child.kill('SIGKILL'));
  return program;
}

/** A folder that is removed when the test is over. */
export async function temporaryFolder(): Promise<string> {
  const folder = await mkdtemp(path.join(tmpdir(), 'framepipe-test-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return folder;
}
