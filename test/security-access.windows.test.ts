// Who gets in, and who may make instances: the effect. Others are played by tokens (test/support/witness.ts).
import { describe, expect, it } from 'vitest';
import { connect, type Framing, framing } from '../lib/index.ts';
import { clientFor, next, serverFor, uniqueName } from './support/pipes.ts';
import { hasPipeSecurity, isWine, on } from './support/system.ts';
import { actAs, anonymousUser, errorOf, ForeignClient, ForeignServer, otherUsers, win } from './support/witness.ts';

const DENIED = {
  name: 'PipeError',
  code: 'EACCES',
  syscall: 'connect',
  winerror: win.ERROR_ACCESS_DENIED,
  message: expect.stringMatching(/^connect EACCES \S+: the server's access option .* needs access: 'authenticated'$/),
};

on(hasPipeSecurity, 'access', () => {
  describe.each(otherUsers)('for %s', (_, user) => {
    it("'owner' refuses, and lets the owner in", async () => {
      const server = await serverFor(uniqueName());
      await expect(actAs(user, () => connect(server.path))).rejects.toMatchObject(DENIED);
      const client = await clientFor(server.path);
      await client.send(Buffer.from('mine'));
      expect(String(await (await next(server)).read())).toBe('mine');
    });

    it.each(['authenticated', 'everyone'] as const)("'%s' admits", async (access) => {
      const server = await serverFor(uniqueName(), { access });
      const client = await actAs(user, () => connect(server.path));
      const served = await next(server);
      await client.send(Buffer.from('theirs'));
      expect(String(await served.read())).toBe('theirs');
      await served.send(Buffer.from('welcome'));
      expect(String(await client.read())).toBe('welcome');
      client.destroy();
    });

    it('admits a client that asks for GENERIC_WRITE, in which the right to make instances is, and gives it none', async () => {
      const server = await serverFor(uniqueName(), { access: 'authenticated' });
      const theirs = actAs(user, () => new ForeignClient(server.path, { access: win.GENERIC_WRITE }));
      const served = await next(server);
      theirs.write('\x05\0\0\0hello');
      expect(String(await served.read())).toBe('hello');
      const asked = win.GENERIC_WRITE + win.FILE_CREATE_PIPE_INSTANCE;
      actAs(user, () => new ForeignClient(server.path, { access: asked })).close(); // it means nothing to a client
      expect(actAs(user, () => errorOf(() => new ForeignServer(server.path)))).toBe(win.ERROR_ACCESS_DENIED);
    });

    it('{ sddl } decides', async () => {
      const server = await serverFor(uniqueName(), { access: { sddl: 'D:P(A;;GA;;;BA)' } });
      await expect(actAs(user, () => connect(server.path))).rejects.toMatchObject(DENIED);
      const open = await serverFor(uniqueName(), { access: { sddl: 'D:P(A;;GRGW;;;WD)' } });
      (await actAs(user, () => connect(open.path))).destroy();
    });

    it('{ sddl } that only lets them read refuses a duplex client, and admits a reading one', async () => {
      const server = await serverFor(uniqueName(), { access: { sddl: 'D:P(A;;GR;;;WD)' }, direction: 'out' });
      const { ERROR_ACCESS_DENIED, GENERIC_READ, GENERIC_WRITE } = win;
      const attempt = (rights: number) =>
        actAs(user, () => errorOf(() => new ForeignClient(server.path, { access: rights })));
      expect(attempt(GENERIC_READ + GENERIC_WRITE)).toBe(ERROR_ACCESS_DENIED);
      expect(attempt(GENERIC_WRITE)).toBe(ERROR_ACCESS_DENIED);
      expect(attempt(GENERIC_READ)).toBe(0);
    });

    it.each([
      ['lengthPrefix', undefined],
      ['raw', undefined],
      ['message', 'EACCES'], // it sets the pipe's read mode
    ] as const)('{ sddl } that only lets them read: direction: "in", framing.%s() comes to %s', async (name, code) => {
      const kind = framing[name]() as Framing;
      const server = await serverFor(uniqueName(), {
        access: { sddl: 'D:P(A;;GR;;;WD)' },
        direction: 'out',
        framing: kind,
      });
      const connecting = actAs(user, () => connect(server.path, { direction: 'in', framing: kind }));
      if (code) await expect(connecting).rejects.toMatchObject({ code });
      else (await connecting).destroy();
    });

    it.each(['owner', 'authenticated', 'everyone', { sddl: 'D:P(A;;GA;;;WD)' }] as const)(
      '%j: no instance of their own, ever',
      async (access) => {
        const server = await serverFor(uniqueName(), { access });
        const steal = () => errorOf(() => new ForeignServer(server.path));
        expect(actAs(user, steal)).toBe(win.ERROR_ACCESS_DENIED);
        expect(steal()).toBe(0); // Windows lets this user: it is the right that is tested, not the attempt
      },
    );

    it('a refusal does not keep others from being served', async () => {
      const server = await serverFor(uniqueName(), { pendingInstances: 1, maxInstances: 2 });
      for (let i = 0; i < 20; i++)
        await expect(actAs(user, () => connect(server.path))).rejects.toMatchObject({ code: 'EACCES' });
      const clients = await Promise.all([clientFor(server.path), clientFor(server.path)]);
      for (const client of clients) {
        await client.send(Buffer.from('served'));
        expect(String(await (await next(server)).read())).toBe('served');
      }
    });

    it('setAccess holds from the next client on, and touches nobody who is in', async () => {
      const server = await serverFor(uniqueName(), { pendingInstances: 3 });
      await expect(actAs(user, () => connect(server.path))).rejects.toMatchObject(DENIED);
      await server.setAccess('everyone');
      const client = await actAs(user, () => connect(server.path));
      const served = await next(server);
      await server.setAccess('owner');
      // Every instance, those that waited already and those made since.
      for (let i = 0; i < 5; i++) await expect(actAs(user, () => connect(server.path))).rejects.toMatchObject(DENIED);
      await client.send(Buffer.from('still in'));
      expect(String(await served.read())).toBe('still in');
      client.destroy();
    });
  });

  it('tells the server who came in', async () => {
    const server = await serverFor(uniqueName(), { access: 'everyone' });
    for (const [, user] of otherUsers) {
      const client = await actAs(user, () => connect(server.path));
      const { sid } = await (await next(server)).peerUser();
      if (user !== 'stranger') expect(sid).toBe(user.sid);
      client.destroy();
    }
  });
});

on(isWine && hasPipeSecurity, 'access for somebody who has not logged on', () => {
  it.each([
    ['owner', 'EACCES'],
    ['authenticated', 'EACCES'],
    ['everyone', undefined],
  ] as const)("'%s': %s", async (access, code) => {
    const server = await serverFor(uniqueName(), { access });
    const attempt = await actAs(anonymousUser, () => connect(server.path)).then(
      (client) => client.destroy(),
      (error) => error.code,
    );
    expect(attempt).toBe(code);
  });
});
