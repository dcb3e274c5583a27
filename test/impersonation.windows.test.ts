// runAsClient for clients with another token: a restricted one of this user's, and that of a user who does not exist.
// What they may not open is a pipe with a descriptor of its own, for Wine does not check files.
import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import net from 'node:net';
import { Worker } from 'node:worker_threads';
import { beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import type { PipeConnection } from '../lib/index.ts';
import { pipePath } from '../lib/name.ts';
import { clientAs } from './support/clients.ts';
import { clientFor, next, serverFor, uniqueName } from './support/pipes.ts';
import { hasPipeSecurity, isWine, on } from './support/system.ts';

// Taken out of node:fs before any client is acted as: nobody notices that it is called.
const openBefore = fs.promises.open;

const MADE_UP = 'S-1-5-21-7-7-7-1001';
// To make a token for nobody takes a right that administrators of a real Windows do not have.
const USERS = isWine ? ['restricted', MADE_UP] : ['restricted'];
/** libuv's name for ERROR_ACCESS_DENIED. */
const DENIED = 'EPERM';

/** A pipe that only administrators may open: that a program is let in, is who it is. */
async function forAdministrators(): Promise<string> {
  const name = uniqueName();
  const server = await serverFor(name, { access: { sddl: 'D:P(A;;GA;;;BA)(A;;GA;;;SY)' } });
  server.serve((client) => client.close(), { onError() {} }).catch(() => {});
  return pipePath(name);
}

const codeOf = (open: () => number) => {
  try {
    fs.closeSync(open());
    return 'allowed';
  } catch (error) {
    return (error as NodeJS.ErrnoException).code;
  }
};
const opened = async (descriptor: Promise<number>) => {
  try {
    fs.closeSync(await descriptor);
    return 'allowed';
  } catch (error) {
    return (error as NodeJS.ErrnoException).code;
  }
};

on(hasPipeSecurity, 'clients with another token', () => {
  describe.each(USERS)('%s', (user) => {
    let client: PipeConnection;
    let secret: string;
    const open = () => fs.openSync(secret, 'r+');
    beforeEach(async () => {
      secret = await forAdministrators();
      const name = uniqueName();
      client = await clientAs(await serverFor(name, { access: 'everyone' }), name, user);
    });

    it('are who is acted as', async () => {
      expect(codeOf(open)).toBe('allowed');
      expect(await client.runAsClient(() => codeOf(open))).toBe(DENIED);
      expect(codeOf(open)).toBe('allowed');
      expect(await opened(client.runAsClient((as) => as.open(secret, 'r+')))).toBe(DENIED);
      await expect(client.runAsClient((as) => as.open(secret, 'r+'))).rejects.toMatchObject({
        name: 'PipeError',
        code: DENIED,
        syscall: 'open',
        path: secret,
        winerror: 5,
      });
      expect(await client.runAsClient(async (as) => [await opened(as.open(secret, 'r+')), codeOf(open)])).toEqual([
        DENIED,
        'allowed', // after an await, this thread is the server again
      ]);
    });

    it('are nobody any more after an exception', async () => {
      const error = new Error('mine');
      await expect(
        client.runAsClient(() => {
          expect(codeOf(open)).toBe(DENIED);
          throw error;
        }),
      ).rejects.toBe(error);
      expect(codeOf(open)).toBe('allowed');
    });

    it('are nobody in whatever runs later, on other threads and in processes', async () => {
      const later: Promise<string | undefined>[] = [];
      let worker!: Worker;
      await client.runAsClient(() => {
        later.push(new Promise((resolve) => process.nextTick(() => resolve(codeOf(open)))));
        later.push(new Promise((resolve) => queueMicrotask(() => resolve(codeOf(open)))));
        later.push(
          openBefore(secret, 'r+')
            .then((file) => file.close())
            .then(() => 'allowed'),
        ); // libuv's pool
        worker = new Worker(
          `require('node:fs').closeSync(require('node:fs').openSync(${JSON.stringify(secret)}, 'r+'));
           require('node:worker_threads').parentPort.postMessage('allowed')`,
          { eval: true },
        );
        const child = spawnSync(process.execPath, ['-e', `fs.closeSync(fs.openSync(${JSON.stringify(secret)}, 'r+'))`]);
        expect(child.status).toBe(0);
        expect(codeOf(open)).toBe(DENIED);
      });
      later.push(once(worker, 'message').then(([message]) => message));
      expect(await Promise.all(later)).toEqual(Array(4).fill('allowed'));
    });

    it('may be used inside one another', async () => {
      const name = uniqueName();
      const server = await serverFor(name);
      const own = await clientFor(name, { impersonation: 'impersonation' });
      await own.send(Buffer.from('here I am'));
      const self = await next(server);
      await self.read();
      const inner: Promise<unknown>[] = [];
      const outer = await client.runAsClient(() => {
        inner.push(
          self.runAsClient(() => codeOf(open)),
          self.runAsClient((as) => opened(as.open(secret, 'r+'))),
        );
        return codeOf(open);
      });
      expect([outer, ...(await Promise.all(inner))]).toEqual([DENIED, 'allowed', 'allowed']);
    });

    it('have a name and a SID', async () => {
      const known = await client.peerUser();
      if (user === MADE_UP) expect(known).toMatchObject({ name: MADE_UP, sid: MADE_UP });
      else expect(known.sid).toMatch(/^S-1-5-21-/);
      // Administrators are for denying only in their tokens.
      expect(known.groups).toContain('S-1-1-0');
      expect(known.groups).not.toContain('S-1-5-32-544');
      expect(await client.runAsClient((as) => as.user())).toEqual(known);
    });
  });
});

on(hasPipeSecurity, 'clients that offer too little', () => {
  it.each(['anonymous', 'identification'] as const)('%s: the function is not called', async (impersonation) => {
    const name = uniqueName();
    const server = await serverFor(name);
    const client = await clientFor(name, { impersonation });
    await client.send(Buffer.from('here I am'));
    const served = await next(server);
    await served.read();
    let called = false;
    for (const fn of [() => void (called = true), async (_as: unknown) => void (called = true)]) {
      await expect(served.runAsClient(fn)).rejects.toMatchObject({
        name: 'PipeError',
        code: 'ERR_PIPE_CANNOT_IMPERSONATE',
        path: pipePath(name),
        message: expect.stringContaining("impersonation: '"),
        winerror: impersonation === 'anonymous' ? 1347 : 1346,
      });
    }
    expect(called).toBe(false);
    if (impersonation === 'identification') expect(await served.peerUser()).toMatchObject({ sid: expect.any(String) });
    else await expect(served.peerUser()).rejects.toMatchObject({ code: 'ERR_PIPE_CANNOT_IMPERSONATE', winerror: 1347 });
  });

  it('delegation is more than enough', async () => {
    const name = uniqueName();
    const server = await serverFor(name);
    const client = await clientFor(name, { impersonation: 'delegation' });
    await client.send(Buffer.from('here I am'));
    expect(await (await next(server)).runAsClient(() => 'called')).toBe('called');
  });

  // Such a client says nothing of impersonation, as net.connect() does: Windows offers all, with each message.
  it('whose identity comes with what they send, before anything was read: a failure that says so', async () => {
    const name = uniqueName();
    const server = await serverFor(name);
    const client = net.connect(pipePath(name));
    onTestFinished(() => void client.destroy());
    await once(client, 'connect');
    const served = await next(server);
    let called = false;
    await expect(served.runAsClient(() => void (called = true))).rejects.toMatchObject({
      code: 'ERR_PIPE_CANNOT_IMPERSONATE',
      message: expect.stringContaining('read something'),
      winerror: 1368,
    });
    expect(called).toBe(false);
    client.write(Buffer.from([1, 0, 0, 0, 65]));
    expect(String(await served.read())).toBe('A');
    expect(await served.runAsClient(() => 'called')).toBe('called');
    expect(await served.runAsClient(async (as) => (await as.user()).sid)).toBe((await served.peerUser()).sid);
  });
});
