// Somebody else: another user, a dead server, a pipe that is busy.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import { onTestFinished } from 'vitest';
import { connect, type PipeConnection } from '../../lib/index.ts';
import { pipePath } from '../../lib/name.ts';
import { clientFor, serverFor, uniqueName } from '../support/pipes.ts';
import { hasPipeSecurity, isRoot, isWindows } from '../support/system.ts';

/** Whether this process may act as another user. */
export const mayBeOthers: boolean = isWindows ? hasPipeSecurity : isRoot;

const SOMEBODY = 12345;

/** Calls `fn` as another user: what it does before it waits for something. */
export async function asSomebodyElse<R>(fn: () => R): Promise<{ result: R }> {
  if (isWindows) {
    const { actAs, otherUsers } = await import('../support/witness.ts');
    return { result: actAs(otherUsers[0]![1], fn) };
  }
  process.seteuid!(SOMEBODY);
  try {
    return { result: fn() };
  } finally {
    process.seteuid!(0);
  }
}

/** A pipe that another user serves, and lets everybody use. */
export async function somebodysPipe(): Promise<string> {
  const path = pipePath(uniqueName());
  if (isWindows) {
    const { ForeignServer } = await import('../support/witness.ts');
    new ForeignServer(path, { sddl: 'O:S-1-5-21-1-2-3-4444D:(A;;GA;;;WD)' });
    return path;
  }
  const { result } = await asSomebodyElse(() => serverFor(path, { access: 'everyone' }));
  return (await result).path;
}

const LISTENS = `require('net').createServer().listen({ path: process.argv[1], backlog: 1 }, () => console.log('up'))`;

/** A server in a process of its own. */
async function otherServer(path: string): Promise<ReturnType<typeof spawn>> {
  const child = spawn(process.execPath, ['--eval', LISTENS, path], { stdio: ['ignore', 'pipe', 'inherit'] });
  onTestFinished(() => {
    child.kill('SIGKILL');
    fs.rmSync(path, { force: true });
  });
  await once(child.stdout, 'data');
  return child;
}

/** The pipe of a server that was killed. */
export async function deadServersPipe(): Promise<string> {
  const path = pipePath(uniqueName());
  const child = await otherServer(path);
  child.kill('SIGKILL');
  await once(child, 'exit');
  return path;
}

/** A pipe that takes nobody: on Windows all its instances are taken, on Linux its backlog is full. */
export async function busyPipe(): Promise<string> {
  const name = uniqueName();
  if (isWindows) {
    await serverFor(name, { maxInstances: 1 });
    await clientFor(name);
    return pipePath(name);
  }
  (await otherServer(pipePath(name))).kill('SIGSTOP');
  const clients: PipeConnection[] = [];
  onTestFinished(() => {
    for (const client of clients) client.destroy();
  });
  for (let i = 0; i < 10; i++)
    await connect(name, { timeout: 0 }).then(
      (client) => clients.push(client),
      () => (i = 10),
    );
  return pipePath(name);
}
