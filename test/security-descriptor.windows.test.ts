// The descriptor that Windows has for a pipe, for each `access`: exactly these entries, and never more.
import { describe, expect, it } from 'vitest';
import type { Access } from '../lib/index.ts';
import { listen } from '../lib/index.ts';
import { pair, serverFor, uniqueName } from './support/pipes.ts';
import { hasPipeSecurity, isRealWindows, on } from './support/system.ts';
import { descriptorOf, ourOwner, win } from './support/witness.ts';

const EVERYONE = 'S-1-1-0';
const AUTHENTICATED = 'S-1-5-11';
/** Some program of the Store's. */
const PACKAGE = 'S-1-15-2-1-2-3-4-5-6-7';
const BACKUP_OPERATORS = 'S-1-5-32-551';
const ALL = 0x1f01ff;
/** Read and write, and what belongs to it; less FILE_CREATE_PIPE_INSTANCE, which Windows counts as writing. */
const CLIENT = 0x12019b;

async function descriptorFor(access?: Access) {
  return descriptorOf((await serverFor(uniqueName(), { access })).path);
}

on(hasPipeSecurity, 'the descriptor of', () => {
  const mine = () => ({ allow: true, mask: ALL, sid: ourOwner });

  it('owner, the default: whom our things belong to, and nobody else', async () => {
    const expected = { owner: ourOwner, isProtected: true, entries: [mine()] };
    expect(await descriptorFor()).toEqual(expected);
    expect(await descriptorFor('owner')).toEqual(expected);
  });

  it('authenticated: those who have logged on may connect', async () => {
    expect(await descriptorFor('authenticated')).toEqual({
      owner: ourOwner,
      isProtected: true,
      entries: [mine(), { allow: true, mask: CLIENT, sid: AUTHENTICATED }],
    });
  });

  it('everyone: everybody may connect', async () => {
    expect(await descriptorFor('everyone')).toEqual({
      owner: ourOwner,
      isProtected: true,
      entries: [mine(), { allow: true, mask: CLIENT, sid: EVERYONE }],
    });
  });

  it('{ sddl }: what was asked for, in its order, less the right to make instances', async () => {
    const { owner, isProtected, entries } = await descriptorFor({
      sddl: 'D:(D;;GR;;;S-1-5-7)(A;;GA;;;BO)(A;;GRGW;;;WD)',
    });
    expect(owner).toBe(ourOwner);
    expect(isProtected).toBe(true);
    expect(entries!.slice(0, 3)).toEqual([
      { allow: false, mask: expect.any(Number), sid: 'S-1-5-7' },
      { allow: true, mask: ALL & ~win.FILE_CREATE_PIPE_INSTANCE, sid: BACKUP_OPERATORS },
      { allow: true, mask: CLIENT, sid: EVERYONE },
    ]);
  });

  it('{ sddl }: nobody but the owner may make instances, however it is granted', async () => {
    for (const rights of ['FA', 'GA', 'GRGW', 'FRFW', '0x12019f', '0x1f01ff']) {
      const { entries } = await descriptorFor({ sddl: `D:P(A;;${rights};;;WD)(A;OICI;${rights};;;BU)` });
      const instances = entries!.filter(
        ({ allow, mask }) => allow && mask & (win.FILE_CREATE_PIPE_INSTANCE | 0x5000_0000),
      );
      expect(instances, rights).toEqual([{ allow: true, mask: expect.any(Number), sid: ourOwner }]);
    }
  });
});

on(hasPipeSecurity, 'setAccess on the live pipe', () => {
  it('keeps packages and labels, as listen does: they read back', async () => {
    const package_ = `(A;;0x12019b;;;${PACKAGE})(A;;0x12019b;;;AC)`;
    const label = isRealWindows ? 'S:(ML;;NWNR;;;LW)' : ''; // Wine's pipes have none
    const sddl = `D:P${package_}S:(ML;;NWNR;;;LW)`;
    const first = await serverFor(uniqueName(), { access: { sddl } });
    const { sddl: whole } = (await first.access()) as { sddl: string };
    expect(whole).toContain(package_);
    expect(whole.endsWith(label)).toBe(true);
    const later = await serverFor(uniqueName());
    await later.setAccess({ sddl });
    expect(await later.access()).toEqual({ sddl: whole });
    await later.setAccess('owner');
    expect(((await later.access()) as { sddl: string }).sddl).not.toMatch(/S-1-15|AC|S:/);
    await later.setAccess({ sddl: whole });
    expect(await later.access()).toEqual({ sddl: whole });
  });

  it('puts the new descriptor in the place of the old one', async () => {
    const server = await serverFor(uniqueName());
    const before = descriptorOf(server.path);
    await server.setAccess('everyone');
    expect(descriptorOf(server.path).entries).toEqual([
      { allow: true, mask: ALL, sid: ourOwner },
      { allow: true, mask: CLIENT, sid: EVERYONE },
    ]);
    await server.setAccess({ sddl: 'D:P(A;;GA;;;BU)' });
    expect(descriptorOf(server.path).entries![0]).toEqual({
      allow: true,
      mask: ALL & ~win.FILE_CREATE_PIPE_INSTANCE,
      sid: 'S-1-5-32-545',
    });
    await server.setAccess('owner');
    expect(descriptorOf(server.path)).toEqual(before);
  });

  it('also when all instances are taken', async () => {
    const { server, served } = await pair({ maxInstances: 1 });
    await server.setAccess('everyone');
    served.destroy();
    await served.closed;
    expect(descriptorOf(server.path).entries).toContainEqual({ allow: true, mask: CLIENT, sid: EVERYONE });
  });
});

describe('a descriptor that is none', () => {
  it.each([
    ['nonsense', 'not a valid security descriptor'],
    ['D:P(A;;GA;;;NOBODY)', 'not a valid security descriptor'],
    ['O:BA', 'needs a list'],
    ['', 'needs a list'],
    ...(isRealWindows ? [['D:NO_ACCESS_CONTROL', 'needs a list']] : []), // Wine does not know the word
  ] as [string, string][])('%j: EINVAL, and nothing is created', async (sddl, why) => {
    const name = uniqueName();
    await expect(listen(name, { access: { sddl } })).rejects.toMatchObject({
      name: 'PipeError',
      code: 'EINVAL',
      syscall: 'listen',
      message: expect.stringContaining(why),
    });
    await serverFor(name); // the name is free
  });

  it('leaves the live pipe as it was', async () => {
    const server = await serverFor(uniqueName());
    const before = descriptorOf(server.path);
    await expect(server.setAccess({ sddl: 'nonsense' })).rejects.toMatchObject({
      code: 'EINVAL',
      syscall: 'setAccess',
    });
    await expect(server.setAccess('nobody' as Access)).rejects.toMatchObject({ code: 'EINVAL' });
    expect(descriptorOf(server.path)).toEqual(before);
  });
});
