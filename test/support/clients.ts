// Clients that are other users, each in a process of its own.
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { onTestFinished } from 'vitest';
import type { ImpersonationLevel, PipeConnection, PipeServer } from '../../lib/index.ts';
import { next } from './pipes.ts';

export interface LinuxUser {
  uid: number;
  gid: number;
  groups: number[];
}

const pathOf = (name: string) => fileURLToPath(new URL(name, import.meta.url));

/** Connects such a client to the server, and waits until it has said something. */
export async function clientAs(
  server: PipeServer,
  name: string,
  user: LinuxUser | string = '',
  impersonation: ImpersonationLevel = 'impersonation',
): Promise<PipeConnection> {
  const client = [pathOf('client-child.js'), name, typeof user === 'string' ? '' : JSON.stringify(user), impersonation];
  if (typeof user === 'string' && user !== '') start(runAs(), [user, process.execPath, ...client]);
  else start(process.execPath, client);
  const connection = await next(server);
  await connection.read();
  return connection;
}

/** Starts a process that does not outlive the test. */
export function start(command: string, args: string[], stderr: 'inherit' | 'ignore' = 'inherit'): ChildProcess {
  const child = spawn(command, args, { stdio: ['ignore', 'pipe', stderr] });
  onTestFinished(async () => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    child.kill('SIGKILL');
    await once(child, 'exit');
  });
  return child;
}

/** The program that starts another one as somebody else (Windows). Under Wine the test runner has built it. */
export function runAs(): string {
  const program = pathOf('../../build-native/win32/run_as.exe');
  if (!existsSync(program)) {
    const arguments_ = ['-O2', '-municode', '-o', program, pathOf('token/run_as.c'), '-ladvapi32'];
    const { status } = spawnSync('gcc', arguments_, { stdio: 'inherit' });
    if (status !== 0) throw new Error('the tests of runAsClient need MinGW gcc, to build test/support/token/run_as.c');
  }
  return program;
}
