// Who gets in on Linux: the socket's mode, and the check of each peer; with real users, which only root can play.
import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, rmSync, statSync, writeFileSync } from 'node:fs';
import net from 'node:net';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, it, onTestFinished } from 'vitest';
import { type Access, listen, type PipeServer, type Principal } from '../lib/index.ts';
import { pipePath } from '../lib/name.ts';
import { clientFor, next, serverFor, uniqueName } from './support/pipes.ts';
import { isRoot, on } from './support/system.ts';

const attemptChild = fileURLToPath(new URL('support/attempt-child.js', import.meta.url));
const run = promisify(execFile);
const A = 12_345;
const B = 23_456;

/** What connecting as that user comes to. */
async function attempt(
  uid: number,
  server: Pick<PipeServer, 'path'>,
  options: object = {},
  groups = [uid],
): Promise<Record<string, string>> {
  const args = [attemptChild, String(uid), server.path, JSON.stringify(options), JSON.stringify(groups)];
  const { stdout } = await run(process.execPath, args);
  return JSON.parse(stdout);
}

/** A server that tells everybody his uid. */
async function telling(access?: Access): Promise<PipeServer> {
  const server = await serverFor(uniqueName(), { access });
  server.serve(async (client) => {
    await client.read();
    await client.send(Buffer.from(String(client.peer.uid)));
    await client.read();
  });
  return server;
}

const mode = (path: string) => statSync(path).mode & 0o777;

describe("the socket's mode", () => {
  it.each([
    [undefined, 0o600],
    ['owner', 0o600],
    ['authenticated', 0o666],
    ['everyone', 0o666],
  ] as const)('access: %s', async (access, expected) => {
    expect(mode((await serverFor(uniqueName(), { access })).path)).toBe(expected);
  });

  it.each([
    [['owner', 'administrators', { uid: process.getuid!() }, { user: 'root' }], 0o600],
    [['owner', { gid: process.getgid!() }], 0o660],
    [[{ gid: process.getgid!() }, { gid: process.getgid!() }], 0o660],
    [[{ gid: process.getgid!() }, { gid: 54_321 }], 0o666],
    [[{ uid: 54_321 }], 0o666],
    [[{ gid: process.getgid!() }, 'everyone'], 0o666],
  ] as [Principal[], number][])('access: { allow: %j }', async (allow, expected) => {
    const server = await serverFor(uniqueName(), { access: { allow } });
    expect(mode(server.path)).toBe(expected);
    await server.setAccess('owner');
    await server.setAccess({ allow });
    expect(mode(server.path)).toBe(expected);
  });

  it('is the same whatever the umask', async () => {
    const usual = process.umask();
    onTestFinished(() => void process.umask(usual));
    for (const umask of [0o000, 0o022, 0o077, 0o777]) {
      process.umask(umask);
      expect(mode((await serverFor(uniqueName())).path)).toBe(0o600);
      expect(mode((await serverFor(uniqueName(), { access: 'everyone' })).path)).toBe(0o666);
    }
  });

  it('follows setAccess', async () => {
    const server = await serverFor(uniqueName());
    await server.setAccess('everyone');
    expect(mode(server.path)).toBe(0o666);
    await server.setAccess('owner');
    expect(mode(server.path)).toBe(0o600);
  });
});

on(isRoot, 'other users', () => {
  it("are refused by 'owner', with the option's name, and do not disturb the owner", async () => {
    const server = await telling();
    expect(await attempt(A, server)).toEqual({
      code: 'EACCES',
      message: expect.stringMatching(
        /^connect EACCES \S+: the server's access option .* needs access: 'authenticated'$/,
      ),
    });
    expect(await attempt(0, server)).toEqual({ echo: '0' });
  });

  it.each(['authenticated', 'everyone'] as const)("are admitted by '%s', and known", async (access) => {
    const server = await telling(access);
    expect(await attempt(A, server)).toEqual({ echo: String(A) });
    expect(await attempt(B, server)).toEqual({ echo: String(B) });
  });

  it("are turned away by 'owner' even where the file's mode lets them connect", async () => {
    const server = await telling();
    chmodSync(server.path, 0o666);
    expect(await attempt(A, server)).not.toEqual({ echo: String(A) });
    expect(server.stats().accepted).toBe(0);
    expect(await attempt(0, server)).toEqual({ echo: '0' });
  });

  it("are turned away by another program's socket of mode 0600, which is what .NET makes for the current user only", async () => {
    const path = pipePath(uniqueName());
    const theirs = net.createServer((socket) => socket.end('\x01\0\0\x000'));
    onTestFinished(() => void theirs.close());
    theirs.listen(path);
    await once(theirs, 'listening');
    chmodSync(path, 0o666);
    expect((await attempt(A, { path })).code).toBeUndefined();
    chmodSync(path, 0o600);
    expect((await attempt(A, { path })).code).toBe('EACCES');
    expect(await attempt(0, { path })).toEqual({ echo: '0' });
  });

  it('are let in again by setAccess, whatever mode another program has given the socket', async () => {
    const server = await telling('everyone');
    chmodSync(server.path, 0o600);
    expect((await attempt(A, server)).code).toBe('EACCES');
    await server.setAccess('everyone');
    expect(await attempt(A, server)).toEqual({ echo: String(A) });
  });

  it('are admitted and refused by setAccess from the next client on', async () => {
    const server = await telling();
    await server.setAccess('everyone');
    expect(await attempt(A, server)).toEqual({ echo: String(A) });
    await server.setAccess('owner');
    expect((await attempt(A, server)).code).toBe('EACCES');
  });

  it('are let in by user, by group and by one of their groups, and nobody else', async () => {
    const server = await telling({ allow: [{ uid: A }] });
    expect(await attempt(A, server)).toEqual({ echo: String(A) });
    expect(await attempt(B, server)).not.toEqual({ echo: String(B) });
    await server.setAccess({ allow: [{ gid: B }] });
    expect(statSync(server.path)).toMatchObject({ gid: B, uid: 0 });
    expect((await attempt(A, server)).code).toBe('EACCES');
    expect(await attempt(B, server)).toEqual({ echo: String(B) });
    expect(await attempt(A, server, {}, [777, B])).toEqual({ echo: String(A) });
    await server.setAccess({ allow: [{ gid: 777 }, { gid: 778 }] });
    expect(await attempt(A, server, {}, [1, 778])).toEqual({ echo: String(A) });
    expect(await attempt(B, server)).not.toEqual({ echo: String(B) });
    expect(await attempt(0, server)).toEqual({ echo: '0' });
    expect(server.stats().accepted).toBe(5); // who is turned away is handed to nobody
  });

  it('are let in by a group that this process may not give a file to, too', async () => {
    const name = uniqueName();
    process.setegid!(A);
    process.seteuid!(A);
    const server = await listen(name, { access: { allow: [{ gid: B }] } }).finally(() => {
      process.seteuid!(0);
      process.setegid!(0);
    });
    onTestFinished(() => server.close({ connections: true }));
    expect(mode(server.path)).toBe(0o666);
    server.serve(async (client) => void (await client.send(Buffer.from(String(client.peer.uid)))));
    expect(await attempt(B, server)).toEqual({ echo: String(B) });
    expect(await attempt(54_321, server)).not.toEqual({ echo: '54321' });
  });

  it('are trusted by whom serverOwner names', async () => {
    const server = await telling('everyone');
    const untrusted = { code: 'ERR_PIPE_UNTRUSTED_SERVER', message: expect.stringContaining('another user') };
    for (const serverOwner of ['administrators', { uid: 0 }, { user: 'root' }, ['self', { uid: 0 }]])
      expect(await attempt(A, server, { serverOwner })).toEqual({ echo: String(A) });
    for (const serverOwner of ['self', { uid: A }, ['self', { uid: B }]])
      expect(await attempt(A, server, { serverOwner })).toEqual(untrusted);
  });

  it("are not trusted with serverOwner: 'self', before the first byte", async () => {
    const server = await serverFor(uniqueName(), { access: 'everyone' });
    const refused = { code: 'ERR_PIPE_UNTRUSTED_SERVER', message: expect.stringContaining('another user') };
    expect(await attempt(A, server, { serverOwner: 'self' })).toEqual(refused);
    // Not one byte came of it, so that it is not handed over: the first one to be is another.
    const client = await clientFor(server.path);
    await client.send(Buffer.from('trusting'));
    expect(String(await (await next(server)).read())).toBe('trusting');
    expect(server.stats().accepted).toBe(1);
  });
});

describe('access: { sddl }', () => {
  it('is refused, for it says nothing to Linux', async () => {
    const wrong = {
      code: 'ENOTSUP',
      message: expect.stringContaining("'owner', 'authenticated', 'everyone' or { allow }"),
    };
    await expect(listen(uniqueName(), { access: { sddl: 'D:' } })).rejects.toMatchObject(wrong);
    const server = await serverFor(uniqueName());
    await expect(server.setAccess({ sddl: 'D:' })).rejects.toMatchObject(wrong);
    expect(mode(server.path)).toBe(0o600);
  });
});

describe('setAccess', () => {
  it('touches no file that took the place of the socket', async () => {
    const server = await serverFor(uniqueName());
    rmSync(server.path);
    writeFileSync(server.path, 'precious', { mode: 0o640 });
    onTestFinished(() => rmSync(server.path));
    await expect(server.setAccess('everyone')).rejects.toMatchObject({
      code: 'ENOENT',
      message: expect.stringContaining("another file has taken the socket's place"),
    });
    expect(mode(server.path)).toBe(0o640);
  });

  it('rejects when the server is closed', async () => {
    const server = await listen(uniqueName());
    await server.close();
    await expect(server.setAccess('everyone')).rejects.toMatchObject({ syscall: 'setAccess' });
  });

  it('keeps those who are in', async () => {
    const server = await serverFor(uniqueName(), { access: 'everyone' });
    const client = await clientFor(server.path);
    await server.setAccess('owner');
    await client.send(Buffer.from('still in'));
    expect(String(await (await next(server)).read())).toBe('still in');
  });
});
