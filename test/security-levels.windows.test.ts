// How far a server may act as its client: what the client allows, and not a step further. The servers here are another
// program's, who ask Windows for all they can get.
import { describe, expect, it } from 'vitest';
import { connect, type ImpersonationLevel } from '../lib/index.ts';
import { pipePath } from '../lib/name.ts';
import { clientFor, next, serverFor, uniqueName } from './support/pipes.ts';
import { hasPipeSecurity, isWine, on } from './support/system.ts';
import { actAs, ForeignClient, ForeignServer, me, otherUsers, ourOwner, win } from './support/witness.ts';

const LEVELS = ['anonymous', 'identification', 'impersonation', 'delegation'] as const;
const CANNOT_IMPERSONATE = 1368;

/** The level that a server gets, before and after it has read. */
async function levelOf(impersonation?: ImpersonationLevel): Promise<number[]> {
  const server = new ForeignServer(pipePath(uniqueName()));
  const client = await clientFor(server.path, { impersonation });
  const before = server.clientLevel();
  await client.send(Buffer.from('read this'));
  await server.read();
  return [before, server.clientLevel()];
}

on(hasPipeSecurity, 'a client that allows', () => {
  it('nothing in particular is only identified', async () => {
    expect(await levelOf()).toEqual([1, 1]);
  });

  it.each(LEVELS)('%s gets that, from the first moment and for good', async (level) => {
    const number = LEVELS.indexOf(level);
    // Delegation is for other machines: on this one Windows may call it impersonation.
    const expected = level === 'delegation' ? expect.toSatisfy((got: number) => got === 2 || got === 3) : number;
    expect(await levelOf(level)).toEqual([expected, expected]);
  });
});

on(hasPipeSecurity, 'a client that has yet to see whose pipe it is (serverOwner)', () => {
  const OURS = `O:${ourOwner}D:(A;;GA;;;WD)`;
  const THEIRS = 'O:S-1-5-21-1-2-3-4444D:(A;;GA;;;WD)';
  const wary = (path: string, impersonation: ImpersonationLevel) =>
    connect(path, { serverOwner: 'self', impersonation });

  it.each(['impersonation', 'delegation'] as const)(
    'that allows %s: nobody acts as it who is another',
    async (level) => {
      const server = new ForeignServer(pipePath(uniqueName()), { sddl: THEIRS });
      await expect(wary(server.path, level)).rejects.toMatchObject({ code: 'ERR_PIPE_UNTRUSTED_SERVER' });
      expect(server.clientLevel()).toBe(-CANNOT_IMPERSONATE);
      expect(await server.read()).toBe(win.ERROR_BROKEN_PIPE);
      expect(server.clientLevel()).toBe(-CANNOT_IMPERSONATE);
    },
  );

  it('that allows impersonation: whoever is trusted may when it has read, and not before', async () => {
    const server = new ForeignServer(pipePath(uniqueName()), { sddl: OURS });
    const client = await wary(server.path, 'impersonation');
    expect(server.clientLevel()).toBe(-CANNOT_IMPERSONATE);
    await client.send(Buffer.from('read this'));
    await server.read();
    expect(server.clientLevel()).toBe(2);
    expect(server.clientSid()).toBe(me);
    client.destroy();
  });

  it('that is only identified is known at once, as ever', async () => {
    const server = new ForeignServer(pipePath(uniqueName()), { sddl: OURS });
    const client = await wary(server.path, 'identification');
    expect(server.clientLevel()).toBe(1);
    client.destroy();
  });

  // A stranger of real Windows has this user's SID.
  for (const [who, user] of isWine ? otherUsers : []) {
    it(`lends ${who} to no server, when this thread sends while it acts as them`, async () => {
      const server = new ForeignServer(pipePath(uniqueName()), { sddl: OURS });
      const client = await wary(server.path, 'impersonation');
      const large = Buffer.alloc(300_000); // is written at once, where that can be
      let sent: Promise<unknown> = Promise.resolve();
      actAs(user, () => {
        sent = Promise.all([client.send(Buffer.from('small')), client.sendMany([large, large])]);
      });
      for (let left = 3 * 4 + 5 + 2 * large.length; left > 0; ) {
        left -= ((await server.read()) as Buffer).length;
        expect(server.clientSid()).toBe(me);
      }
      await sent;
      client.destroy();
    });

    it(`is not made while this thread acts as ${who}`, async () => {
      const server = new ForeignServer(pipePath(uniqueName()), { sddl: OURS });
      await expect(actAs(user, () => wary(server.path, 'impersonation'))).rejects.toMatchObject({
        code: 'EINVAL',
        syscall: 'connect',
        message: expect.stringContaining('inside runAsClient a pipe is opened as the client'),
      });
      (await actAs(user, () => connect(server.path))).destroy();
    });
  }
});

on(hasPipeSecurity, 'runAsClient', () => {
  const attempt = async (impersonation: ImpersonationLevel) => {
    const server = await serverFor(uniqueName());
    const client = await clientFor(server.path, { impersonation });
    await client.send(Buffer.from('here'));
    const served = await next(server);
    await served.read();
    let called = false;
    const error = await served
      .runAsClient(() => {
        called = true;
      })
      .catch((reason) => reason);
    return { called, error };
  };

  it.each([
    ['impersonation', true],
    ['delegation', true],
  ] as const)('calls its function for %s', async (level, expected) => {
    expect(await attempt(level)).toEqual({ called: expected, error: undefined });
  });

  it.each([
    ['anonymous', "{ impersonation: 'anonymous' }"],
    ['identification', "{ impersonation: 'impersonation' }"],
  ] as const)('does not call it for %s, and names the option', async (level, option) => {
    const { called, error } = await attempt(level);
    expect(called).toBe(false);
    expect(error).toMatchObject({
      name: 'PipeError',
      code: 'ERR_PIPE_CANNOT_IMPERSONATE',
      message: expect.stringContaining(option),
    });
  });

  it('of a client without quality of service works when something was read, and not before', async () => {
    const server = await serverFor(uniqueName());
    const client = new ForeignClient(server.path);
    const served = await next(server);
    await expect(served.runAsClient(() => 'called')).rejects.toMatchObject({
      code: 'ERR_PIPE_CANNOT_IMPERSONATE',
      winerror: CANNOT_IMPERSONATE,
      message: expect.stringContaining('read something from this client first'),
    });
    client.write('\x02\0\0\0hi');
    expect(String(await served.read())).toBe('hi');
    expect(await served.runAsClient(() => 'called')).toBe('called');
  });
});

describe('a level that is none', () => {
  it('is refused before anything is opened', async () => {
    const server = await serverFor(uniqueName());
    const wrong = 'everything' as ImpersonationLevel;
    await expect(connect(server.path, { impersonation: wrong })).rejects.toMatchObject({ code: 'EINVAL' });
    const client = await clientFor(server.path);
    await client.send(Buffer.from('first'));
    expect(String(await (await next(server)).read())).toBe('first');
  });
});
