// Users and groups by name, kind and number: what is taken, what a system does not know, and what access() gives back.
import { userInfo } from 'node:os';
import { describe, expect, it } from 'vitest';
import { type Access, connect, listen, type Principal, type ServerOwner } from '../lib/index.ts';
import { clientFor, next, serverFor, uniqueName } from './support/pipes.ts';
import { hasPipeSecurity, isLinux, isWindows, on } from './support/system.ts';

const EVERYBODY: readonly Principal[] = ['owner', 'administrators', 'authenticated', 'everyone'];
const ME = userInfo().username;

const refused = (given: unknown) => listen(uniqueName(), { access: given as Access });
const untrusted = (given: unknown) => connect(uniqueName(), { serverOwner: given as ServerOwner });

describe('access: { allow }', () => {
  it.each([
    ...EVERYBODY,
    { user: ME },
    ...(isWindows
      ? ([
          'system',
          'services',
          'interactive',
          'appPackages',
          { sid: 'S-1-5-21-1-2-3-4444' },
          { group: 'Everyone' },
        ] as const)
      : [{ group: 'root' }, { uid: 12_345 }, { gid: 12_345 }]),
  ] as Principal[])('%j: is taken, and lets this user in besides', async (principal) => {
    const server = await serverFor(uniqueName(), { access: { allow: [principal] } });
    const client = await clientFor(server.path);
    await client.send(Buffer.from('mine'));
    expect(String(await (await next(server)).read())).toBe('mine');
  });

  it.each([
    [[], /^access\.allow must be a list of who may connect/],
    ['owner', /^access\.allow must be a list/],
    [
      ['nobody'],
      /^access\.allow must be one of owner, administrators, .*, \{ sid \}, \{ user \}, \{ uid \}, \{ group \}, \{ gid \}, not "nobody"$/,
    ],
    [[{}], /^access\.allow must be one of/],
    [[null], /^access\.allow must be one of/],
    [new Array(1), /^access\.allow must be one of/],
    [[['owner']], /^access\.allow must be one of/],
    [[{ user: 'a', group: 'b' }], /^access\.allow must be one of/],
    [[{ user: '' }], /^access\.allow: user must be the name of a user, not ""$/],
    [[{ group: 5 }], /^access\.allow: group must be the name of a group, not 5$/],
    [[{ user: 'no such user, ever' }], /^there is no user "no such user, ever" on this system$/],
    [[{ group: 'no such group' }], /^there is no group "no such group" on this system$/],
    [[{ user: isWindows ? 'Everyone' : 'no-such-user' }], /^there is no user/],
  ])('%j: EINVAL', async (allow, says) => {
    await expect(refused({ allow })).rejects.toMatchObject({
      name: 'PipeError',
      code: 'EINVAL',
      message: expect.stringMatching(says),
    });
    const server = await serverFor(uniqueName());
    const change = server.setAccess({ allow } as Access);
    await expect(change).rejects.toMatchObject({ code: 'EINVAL', message: expect.stringMatching(says) });
    (await clientFor(server.path)).destroy();
  });

  it.each(
    isWindows
      ? [
          [[{ uid: 5 }], '{ uid } is for Linux; use { sid } or { user }'],
          [[{ gid: 5 }], '{ gid } is for Linux'],
          [[{ sid: 'WD' }], 'a security identifier'],
          [[{ sid: 'S-1-1-0)(A;;GA;;;WD' }], 'a security identifier'],
        ]
      : [
          [['system'], "'system' is for Windows"],
          [['appPackages'], "'appPackages' is for Windows"],
          [[{ sid: 'S-1-1-0' }], '{ sid } is for Windows; use { uid } or { user }'],
          [[{ uid: -1 }], 'a whole number'],
          [[{ gid: 2 ** 32 - 1 }], 'a whole number'], // to the kernel: no group at all
        ],
  )('%j: EINVAL on this system', async (allow, says) => {
    await expect(refused({ allow })).rejects.toMatchObject({
      code: 'EINVAL',
      message: expect.stringContaining(says as string),
    });
  });

  it('integrity', async () => {
    const code = 'EINVAL';
    await expect(refused({ allow: ['everyone'], integrity: 'none' })).rejects.toMatchObject({ code });
    await expect(refused({ allow: ['everyone'], integritty: 'low' })).rejects.toMatchObject({ code });
    if (!isWindows) {
      await expect(refused({ allow: ['everyone'], integrity: 'low' })).rejects.toMatchObject({ code });
      return;
    }
    await expect(refused({ allow: ['appPackages'], integrity: 'medium' })).rejects.toMatchObject({
      code,
      message: expect.stringContaining("keeps 'appPackages' out"),
    });
    await serverFor(uniqueName(), { access: { allow: ['everyone'], integrity: 'low' } });
  });

  it('is not looked up any more when the signal has aborted', async () => {
    const name = uniqueName();
    const reason = new Error('mine');
    const controller = new AbortController();
    const listening = listen(name, { access: { allow: [{ user: ME }] }, signal: controller.signal });
    controller.abort(reason);
    await expect(listening).rejects.toBe(reason);
    await serverFor(name);
  });
});

describe('access()', () => {
  it('is what was asked for last, however long the system takes for a name', async () => {
    const server = await serverFor(uniqueName());
    await server.setAccess('owner');
    const before = await server.access();
    const changes = [
      server.setAccess({ allow: ['everyone', { user: ME }] }),
      server.setAccess({ allow: [{ user: 'nobody of this name' }] }),
      server.setAccess('owner'),
    ];
    expect((await Promise.allSettled(changes)).map(({ status }) => status)).toEqual([
      'fulfilled',
      'rejected',
      'fulfilled',
    ]);
    expect(await server.access()).toEqual(before);
    await server.setAccess('everyone');
    expect(await server.access()).not.toEqual(before);
  });

  it('gives what setAccess takes', async () => {
    const server = await serverFor(uniqueName());
    const before = await server.access();
    await server.setAccess({ allow: ['everyone', { user: ME }] });
    const open = await server.access();
    expect(open).not.toEqual(before);
    await server.setAccess(before);
    expect(await server.access()).toEqual(before);
    await server.setAccess(open);
    expect(await server.access()).toEqual(open);
    (await clientFor(server.path)).destroy();
  });

  it('rejects when the server is closed', async () => {
    const server = await listen(uniqueName());
    await server.close();
    await expect(server.access()).rejects.toMatchObject({ code: 'EINVAL', syscall: 'access' });
  });

  on(isLinux, 'on Linux', () => {
    it('has numbers for names', async () => {
      const allow: readonly Principal[] = ['authenticated', { user: 'root' }, { group: 'root' }, { uid: 5 }];
      const server = await serverFor(uniqueName(), { access: { allow } });
      expect(await server.access()).toEqual({ allow: ['owner', 'authenticated', { uid: 0 }, { gid: 0 }, { uid: 5 }] });
      await server.setAccess('owner');
      expect(await server.access()).toEqual({ allow: ['owner'] });
    });
  });

  on(isWindows && hasPipeSecurity, 'on Windows', () => {
    it('has what Windows has', async () => {
      const { ourOwner } = await import('./support/witness.ts');
      const server = await serverFor(uniqueName(), {
        access: { allow: ['administrators', { sid: 'S-1-5-21-1-2-3-4444' }] },
      });
      const { sddl } = (await server.access()) as { sddl: string };
      expect(sddl).toContain('D:P(A;;FA;;;');
      expect(sddl).toContain('(A;;0x12019b;;;BA)(A;;0x12019b;;;S-1-5-21-1-2-3-4444)');
      expect(sddl).toMatch(/^O:/);
      expect(ourOwner).toMatch(/^S-1-5-/);
    });
  });
});

describe('serverOwner', () => {
  it.each([
    [{ user: ME }, true],
    [['administrators', { user: ME }], true],
    ['self', true],
    [isWindows ? { sid: 'S-1-5-21-1-2-3-4444' } : { uid: 12_345 }, false],
  ] as const)('%j trusts our own server: %s', async (serverOwner, trusted) => {
    const server = await serverFor(uniqueName(), { access: 'everyone' });
    // On Windows an administrator's pipes are Administrators' when it is elevated, and Wine's are a group's.
    if (isWindows && typeof serverOwner === 'object') return ownedBy(server.path, serverOwner, trusted);
    const attempt = connect(server.path, { serverOwner: serverOwner as ServerOwner });
    if (trusted) (await attempt).destroy();
    else await expect(attempt).rejects.toMatchObject({ code: 'ERR_PIPE_UNTRUSTED_SERVER' });
  });

  it.each([
    ['nobody'],
    [[]],
    [['any']],
    [['self', null]],
    [null],
    [new Array(1)],
    [{ group: 'root' }],
    [{ gid: 0 }],
    ['everyone'],
    [isWindows ? { uid: 0 } : { sid: 'S-1-5-18' }],
    [{ user: 'no such user, ever' }],
  ])('%j: EINVAL', async (serverOwner) => {
    await expect(untrusted(serverOwner)).rejects.toMatchObject({ name: 'PipeError', code: 'EINVAL' });
  });
});

async function ownedBy(path: string, serverOwner: unknown, trusted: boolean): Promise<void> {
  if (!hasPipeSecurity) return;
  const { ForeignServer, me } = await import('./support/witness.ts');
  const theirs = new ForeignServer(`${path}-owned`, { sddl: `O:${me}D:(A;;GA;;;WD)` });
  const attempt = connect(theirs.path, { serverOwner: serverOwner as ServerOwner });
  if (trusted) (await attempt).destroy();
  else await expect(attempt).rejects.toMatchObject({ code: 'ERR_PIPE_UNTRUSTED_SERVER' });
}
