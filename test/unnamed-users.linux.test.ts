// In a user namespace that does not map every id (a container without root, a sandbox), the kernel shows 65534 in place of all
// users that have no name there: whoever has that number may be anybody, even when this process has it, too.
import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';
import { pipePath } from '../lib/name.ts';
import { uniqueName } from './support/pipes.ts';
import { type Program, run, start } from './support/programs.ts';
import { isRoot, on } from './support/system.ts';

const execute = promisify(execFile);
const child = (name: string) => fileURLToPath(new URL(`support/${name}`, import.meta.url));
const A = 12_345;
const UNNAMED = 65_534;

// The real user of the processes in the namespace is root, and 65534 is what they see: also of A.
const inNamespace = (...args: string[]) => ['--user', process.execPath, child('unnamed-child.js'), ...args];

async function connectingThere(name: string, serverOwner: unknown): Promise<string> {
  return (await execute('unshare', inNamespace('connect', name, JSON.stringify({ serverOwner })))).stdout.trim();
}

async function servedThere(access: unknown, ...options: string[]): Promise<string> {
  const name = uniqueName();
  await serves(run('unshare', [...options, ...inNamespace('serve', name, JSON.stringify(access))]));
  return name;
}

async function serves(program: Program): Promise<Program> {
  await once(program.process.stdout!, 'data');
  expect(program.output).toBe('serving\n');
  return program;
}

/** What connecting as A comes to, from outside. */
async function attempt(name: string): Promise<{ code?: string; echo?: string }> {
  return JSON.parse((await execute(process.execPath, [child('attempt-child.js'), `${A}`, pipePath(name)])).stdout);
}

on(isRoot, 'users without a name here', () => {
  it.each([['self'], [{ uid: UNNAMED }], [['administrators', { uid: UNNAMED }]]])(
    'are trusted as servers by no serverOwner: %j',
    async (serverOwner) => {
      const name = uniqueName();
      const server = await serves(start(child('serving-child.js'), [`${A}`, name]));
      expect(await connectingThere(name, serverOwner)).toBe('ERR_PIPE_UNTRUSTED_SERVER');
      server.process.stdin!.end();
      await server.ended;
      expect(server.output).toBe('serving\nheard ""\n');
    },
  );

  it.each([
    [[{ uid: A - 1 }], []],
    [[{ gid: UNNAMED }, { gid: A - 1 }], []],
    [[{ uid: UNNAMED }], ['--map-root-user']],
    [[{ gid: UNNAMED }, { gid: A - 1 }], ['--map-root-user']],
  ])('are let in by no list: %j %j', async (allow, options) => {
    const name = await servedThere({ allow }, ...options);
    expect(await attempt(name)).not.toMatchObject({ echo: expect.stringMatching(/^(acted|ERR_)/) });
  });

  it("are let in by access: 'owner' when the kernel knows them as this one, and not otherwise", async () => {
    const name = await servedThere('owner');
    expect((await attempt(name)).code).toBe('EACCES');
    expect(await connectingThere(name, undefined)).toBe('ERR_PIPE_CANNOT_IMPERSONATE');
  });

  it('are not acted as: that would be as this process itself', async () => {
    expect(await attempt(await servedThere('everyone'))).toEqual({ echo: 'ERR_PIPE_CANNOT_IMPERSONATE' });
  });
});
