import { writeFile } from 'node:fs/promises';
import { setTimeout as pause } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { peerFrom } from '../lib/description.ts';
import { connect, framing, listen } from '../lib/index.ts';
import { pipePath } from '../lib/name.ts';
import { clientFor, next, serverFor, uniqueName } from './support/pipes.ts';
import { isLinux, on } from './support/system.ts';

describe('connecting to nobody', () => {
  it('waits with waitForServer', async () => {
    const name = uniqueName();
    const connecting = clientFor(name, { waitForServer: true });
    await pause(100);
    const server = await serverFor(name);
    const client = await connecting;
    await client.send(Buffer.from('early bird'));
    expect(String(await (await next(server)).read())).toBe('early bird');
  });

  it('waits no longer than timeout', async () => {
    const started = performance.now();
    await expect(connect(uniqueName(), { waitForServer: true, timeout: 150 })).rejects.toMatchObject({
      code: 'ETIMEDOUT',
      syscall: 'connect',
      cause: { code: 'ENOENT' },
    });
    expect(performance.now() - started).toBeGreaterThanOrEqual(149);
  });
});

describe('connecting', () => {
  it('tells who is there', async () => {
    const name = uniqueName();
    const server = await serverFor(name);
    const client = await clientFor(name);
    const served = await next(server);
    expect(client.peer.pid).toBe(process.pid);
    expect(served.peer.pid).toBe(process.pid);
    if (isLinux) expect(served.peer).toEqual({ pid: process.pid, uid: process.getuid!(), gid: process.getgid!() });
    else expect(served.peer.sessionId).toBeTypeOf('number');
    client.destroy();
    await served.closed;
    expect(served.peer.pid).toBe(process.pid);
  });

  it('knows no process of a peer on another machine', () => {
    expect(peerFrom([0, 0, 0, 0, -1, -1, -1, -1, 0, 0, 0, 0])).toEqual({});
  });

  it('accepts a pipe that this user serves with serverOwner: self', async () => {
    const name = uniqueName();
    const server = await serverFor(name);
    const client = await clientFor(name, { serverOwner: 'self' });
    await client.send(Buffer.from('trusted'));
    expect(String(await (await next(server)).read())).toBe('trusted');
  });

  it('to an in-only or out-only server needs the other direction', async () => {
    const name = uniqueName();
    const server = await serverFor(name, { direction: 'in', framing: framing.lengthPrefix({ as: 'utf8' }) });
    const client = await clientFor(name, { direction: 'out', framing: framing.lengthPrefix({ as: 'utf8' }) });
    const served = await next(server);
    await client.send('one way');
    expect(await served.read()).toBe('one way');
    await expect(served.send('back')).rejects.toMatchObject({ code: 'EPIPE' });
    await client.close();
    expect(await served.read()).toBeNull();
  });
});

on(isLinux, 'a path on Linux', () => {
  it('that is a plain file rejects connect with ENOTSOCK and listen with EADDRINUSE, and stays', async () => {
    const path = pipePath(uniqueName());
    await writeFile(path, 'precious');
    await expect(connect(path)).rejects.toMatchObject({ code: 'ENOTSOCK' });
    await expect(listen(path)).rejects.toMatchObject({ code: 'EADDRINUSE' });
    const { readFile, rm } = await import('node:fs/promises');
    expect(await readFile(path, 'utf8')).toBe('precious');
    await rm(path);
  });
});
