// A client that has written and left: who it was stays known until this side closes the connection, too.
import fs from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { type ClientUser, connect, type PipeConnection, type PipeServer } from '../lib/index.ts';
import { clientAs, type LinuxUser } from './support/clients.ts';
import { next, serverFor, uniqueName } from './support/pipes.ts';
import { hasPipeSecurity, isRoot, isWindows, on } from './support/system.ts';

const ENDED = { name: 'PipeError', code: 'EPIPE', syscall: 'impersonate' };
const GONE: LinuxUser = { uid: 12345, gid: 12346, groups: [777, 12346] };

/** What is known of this process's own user. */
const ourselves: Partial<ClientUser> = isWindows
  ? { sid: (await import('./support/witness.ts')).me }
  : { uid: process.getuid!(), gid: process.getgid!() };

let server: PipeServer;
let name: string;
beforeEach(async () => {
  name = uniqueName();
  server = await serverFor(name, { access: 'everyone' });
});

/** Ours, which has left before it is taken from the server. */
async function whoLeft(): Promise<PipeConnection> {
  const client = await connect(name, { impersonation: 'impersonation' });
  await client.send(Buffer.from('here I was'));
  await client.close();
  const connection = await next(server);
  await connection.closed;
  return connection;
}

describe('a client that has left', () => {
  it('is known, and acted as, and what it sent is read', async () => {
    const connection = await whoLeft();
    expect(connection.state).toBe('closed');
    expect(await connection.peerUser()).toMatchObject(ourselves);
    expect(await connection.runAsClient((as) => as.user())).toMatchObject(ourselves);
    expect(await connection.runAsClient(() => 'acted')).toBe('acted');
    expect(await connection.runAsClient(async (as) => (await as.stat('/')).isDirectory())).toBe(true);
    expect(String(await connection.read())).toBe('here I was');
    expect(connection.peer).toMatchObject({ pid: process.pid });
    await connection.close();
  });

  it.each([
    ['close', (connection: PipeConnection) => connection.close()],
    ['destroy', (connection: PipeConnection) => connection.destroy()],
    ['await using', (connection: PipeConnection) => connection[Symbol.asyncDispose]()],
  ] as const)('is nobody any more after %s() here, whether it was asked for before or not', async (_, end) => {
    for (const asks of [false, true]) {
      const connection = await whoLeft();
      if (asks) await connection.runAsClient(() => {});
      await end(connection);
      const says = { ...ENDED, message: expect.stringContaining('this side closed the connection') };
      await expect(connection.peerUser()).rejects.toMatchObject(says);
      await expect(connection.runAsClient(() => 'acted')).rejects.toMatchObject(says);
    }
  });

  it('is nobody any more when its handler has settled', async () => {
    let served: PipeConnection | undefined;
    const settled = server.serve(
      async (connection) => {
        served = connection;
        await connection.closed;
        expect(await connection.runAsClient((as) => as.user())).toMatchObject(ourselves);
      },
      { count: 1 },
    );
    const client = await connect(name, { impersonation: 'impersonation' });
    await client.send(Buffer.from('x'));
    await client.close();
    await settled;
    await expect(served!.runAsClient(() => 'acted')).rejects.toMatchObject(ENDED);
  });

  it('is acted as until the function has settled that began before the end', async () => {
    const connection = await whoLeft();
    const acted = connection.runAsClient(async (as) => {
      await as.stat('/');
      await connection.close();
      return (await as.stat('/')).isDirectory();
    });
    expect(await acted).toBe(true);
  });

  it('is acted as by what was asked for while it left', async () => {
    for (let i = 0; i < 30; i++) {
      const client = await connect(name, { impersonation: 'impersonation' });
      await client.send(Buffer.from('x'));
      const connection = await next(server);
      await connection.read();
      const [, user, acted] = await Promise.all([
        client.close(),
        connection.peerUser(),
        connection.runAsClient((as) => as.user()),
        connection.closed,
      ]);
      expect([user, acted]).toMatchObject([ourselves, ourselves]);
      await connection.close();
    }
  });

  it('was nobody when this side closed first', async () => {
    const client = await connect(name);
    const connection = await next(server);
    await connection.close();
    await expect(connection.peerUser()).rejects.toMatchObject(ENDED);
    await client.closed;
  });
});

on(isRoot, 'another user that has left', () => {
  it('is acted as with its own rights', async () => {
    const folder = fs.mkdtempSync(path.join(tmpdir(), 'framepipe-left-'));
    onTestFinished(() => fs.rmSync(folder, { recursive: true, force: true }));
    fs.chmodSync(folder, 0o755);
    const [own, groups, roots] = ['own', 'groups', 'roots'].map((file) => path.join(folder, file)) as [
      string,
      string,
      string,
    ];
    for (const file of [own, groups, roots]) fs.writeFileSync(file, path.basename(file), { mode: 0o640 });
    fs.chownSync(own, GONE.uid, 0);
    fs.chownSync(groups, 0, 777);
    const leaving = await clientAs(server, name, GONE);
    process.kill(leaving.peer.pid!, 'SIGKILL');
    await leaving.closed.catch(() => {});
    expect(await leaving.peerUser()).toMatchObject({ uid: GONE.uid, gid: GONE.gid });
    for (const file of [own, groups]) {
      expect(await leaving.runAsClient((as) => as.readFile(file, 'utf8'))).toBe(path.basename(file));
      expect(await leaving.runAsClient(() => fs.readFileSync(file, 'utf8'))).toBe(path.basename(file));
    }
    await expect(leaving.runAsClient((as) => as.readFile(roots))).rejects.toMatchObject({ code: 'EACCES' });
    await expect(leaving.runAsClient(() => fs.readFileSync(roots))).rejects.toMatchObject({ code: 'EACCES' });
    expect(process.geteuid!()).toBe(0);
  });
});

on(isWindows && hasPipeSecurity, 'another user that has left', () => {
  it('is acted as with its own rights', async () => {
    const restricted = await serverFor(uniqueName(), { access: { sddl: 'D:P(A;;GA;;;BA)' } });
    const open = () => fs.closeSync(fs.openSync(restricted.path, 'r+'));
    const leaving = await clientAs(server, name, 'restricted');
    process.kill(leaving.peer.pid!, 'SIGKILL');
    await leaving.closed.catch(() => {});
    open();
    await expect(leaving.runAsClient(open)).rejects.toMatchObject({ code: 'EPERM' });
    await expect(leaving.runAsClient((as) => as.open(restricted.path, 'r+'))).rejects.toMatchObject({ code: 'EPERM' });
    open();
  });

  it('offered what it had allowed, and no more', async () => {
    const { ForeignClient, win } = await import('./support/witness.ts');
    const leaves = async (flags: number, ...bytes: string[]) => {
      const client = new ForeignClient(server.path, { flags });
      const connection = await next(server);
      for (const each of bytes) client.write(each);
      client.close();
      await connection.closed.catch(() => {});
      return connection;
    };
    const identified = await leaves(win.SECURITY_SQOS_PRESENT + 0x1_0000, '\x01\0\0\0x');
    expect(await identified.peerUser()).toMatchObject(ourselves);
    const anonymous = await leaves(win.SECURITY_SQOS_PRESENT, '\x01\0\0\0x');
    await expect(anonymous.peerUser()).rejects.toMatchObject({ code: 'ERR_PIPE_CANNOT_IMPERSONATE', winerror: 1347 });
    for (const connection of [identified, anonymous]) {
      const code = 'ERR_PIPE_CANNOT_IMPERSONATE';
      await expect(connection.runAsClient(() => 'acted')).rejects.toMatchObject({ code });
    }
  });
});
