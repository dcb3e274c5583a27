// Processes of other users of Windows, or of this one with fewer rights, which serve and connect when they are asked to.
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { afterAll, expect } from 'vitest';
import { runAs } from './clients.ts';
import { uniqueName } from './pipes.ts';
import { isRealWindows } from './system.ts';

const child = fileURLToPath(new URL('asked-child.js', import.meta.url));
const processes = new Map<string, { process: ChildProcess; said: AsyncIterator<string> }>();

/** Whether this process is an administrator's, and elevated: only then may it ask for the sessions of others. */
export const isElevated = isRealWindows && spawnSync('net', ['session'], { stdio: 'ignore' }).status === 0;

/** On Windows itself: local users, as NAME:PASSWORD, for whom the tests may start programs. */
export const localUsers: string[] = isRealWindows ? (process.env.FRAMEPIPE_USERS?.split(',') ?? []) : [];

afterAll(() => {
  for (const { process } of processes.values()) process.stdin!.end(); // then it ends
  processes.clear();
});

// `who`: as token/run_as.c takes it; `self` is this user, as he is.
function start(who: string) {
  const stdio = ['pipe', 'pipe', 'inherit'] as const;
  const process_ =
    who === 'self'
      ? spawn(process.execPath, [child], { stdio: [...stdio] })
      : spawn(runAs(), [who, process.execPath, child], { stdio: [...stdio] });
  const said = createInterface({ input: process_.stdout! })[Symbol.asyncIterator]();
  const started = { process: process_, said };
  processes.set(who, started);
  return started;
}

async function ask(who: string, task: object): Promise<string> {
  const { process, said } = processes.get(who) ?? start(who);
  process.stdin!.write(`${JSON.stringify(task)}\n`);
  const { value, done } = await said.next();
  if (done) throw new Error(`the process that is ${who.replace(/:.*/, '')} has ended`);
  return value;
}

/** The name of a pipe that somebody serves, until the tests end. */
export async function servedBy(who: string, access: unknown = 'owner'): Promise<string> {
  const name = uniqueName();
  expect(await ask(who, { serve: name, access })).toBe('served');
  return name;
}

/** What connecting comes to: a code, or what the server answers to `hello`. */
export const attemptOf = (who: string, name: string, options: object = {}): Promise<string> =>
  ask(who, { connect: name, options });
