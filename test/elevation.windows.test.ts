// An elevated process, one of the same user that is not, and SYSTEM: whose pipe is whose, and who drives whom. Wine makes such
// tokens up. On Windows itself it is this process, if it is elevated, and one of its user without the rights of administrators;
// nobody can be SYSTEM there.
import { expect, it } from 'vitest';
import { pipePath } from '../lib/name.ts';
import { attemptOf, isElevated, servedBy } from './support/asked.ts';
import { next, pair, serverFor, uniqueName } from './support/pipes.ts';
import { hasPipeSecurity, isWine, on } from './support/system.ts';
import { descriptorOf } from './support/witness.ts';

type Who = 'elevated' | 'unelevated' | 'system' | 'system-itself';

const ADMINISTRATORS = 'S-1-5-32-544';
const SYSTEM = 'S-1-5-18';
const USER = 'S-1-5-21-7-7-7-1001'; // made up; on Windows itself it is this process's
const UNTRUSTED = 'ERR_PIPE_UNTRUSTED_SERVER';

const there = (isWine ? ['elevated', 'unelevated', 'system', 'system-itself'] : ['elevated', 'unelevated']) as Who[];
const ofThose = <T extends readonly unknown[]>(rows: readonly T[], columns: number): readonly T[] =>
  rows.filter((row) => row.slice(0, columns).every((who) => there.includes(who as Who)));

const inWindows = { elevated: 'self', unelevated: 'restricted' } as Record<Who, string>;
const as = (who: Who): string => (isWine ? who : inWindows[who]);

async function userSid(): Promise<string> {
  if (isWine) return USER;
  const { served } = await pair();
  return (await served.peerUser()).sid!;
}

it('each process that is as elevated as this one is let in, and trusted', async () => {
  const server = await serverFor(uniqueName());
  const attempt = attemptOf('self', server.path, { serverOwner: 'self' });
  const client = await next(server);
  await client.read();
  await client.send(Buffer.from('welcome'));
  expect(await attempt).toBe('welcome');
});

on((isWine && hasPipeSecurity) || isElevated, "access: 'owner'", () => {
  it.each(
    ofThose(
      [
        ['elevated', [ADMINISTRATORS]],
        ['unelevated', [USER]],
        ['system', [ADMINISTRATORS, SYSTEM]],
        ['system-itself', [SYSTEM, ADMINISTRATORS]],
      ] as [Who, string[]][],
      1,
    ),
  )('of %s is for %j', async (who, expected) => {
    const user = await userSid();
    const sids = expected.map((sid) => (sid === USER ? user : sid));
    // It may be looked at by whoever may connect, which this process may not: so the server lets it, and itself.
    const name = await servedBy(as(who), { allow: ['everyone'] });
    const { owner, entries } = descriptorOf(pipePath(name));
    expect(owner).toBe(sids[0]);
    expect(entries!.slice(0, -1)).toEqual(sids.map((sid) => ({ allow: true, mask: 0x1f01ff, sid })));
  });

  it.each(
    ofThose(
      [
        ['elevated', { elevated: 'welcome', unelevated: 'EACCES', system: 'welcome' }],
        ['unelevated', { elevated: 'welcome', unelevated: 'welcome', system: 'EACCES' }],
        ['system', { elevated: 'welcome', unelevated: 'EACCES', system: 'welcome', 'system-itself': 'welcome' }],
        ['system-itself', { elevated: 'welcome', unelevated: 'EACCES', system: 'welcome' }],
      ] as [Who, Record<Who, string>][],
      1,
    ),
  )('of a server that is %s lets in whom it is for', async (server, comes) => {
    const name = await servedBy(as(server));
    for (const client of there)
      if (comes[client]) expect([client, await attemptOf(as(client), name)]).toEqual([client, comes[client]]);
  });
});

on((isWine && hasPipeSecurity) || isElevated, 'serverOwner', () => {
  it.each(
    ofThose(
      [
        ['elevated', 'unelevated', 'self', UNTRUSTED],
        ['elevated', 'elevated', 'self', 'welcome'],
        ['elevated', 'unelevated', 'administrators', 'welcome'],
        ['unelevated', 'elevated', 'self', UNTRUSTED],
        ['unelevated', 'unelevated', 'self', 'welcome'],
        ['unelevated', 'elevated', 'administrators', UNTRUSTED],
        ['unelevated', 'elevated', ['administrators', { sid: USER }], 'welcome'],
        ['system', 'system', 'self', 'welcome'],
        ['system', 'system-itself', 'self', 'welcome'],
        ['system-itself', 'system', 'self', 'welcome'],
        ['system-itself', 'elevated', 'self', UNTRUSTED],
        ['system-itself', 'unelevated', 'administrators', 'welcome'],
        ['system', 'unelevated', { sid: SYSTEM }, UNTRUSTED],
      ] as [Who, Who, unknown, string][],
      2,
    ),
  )('of a pipe of %s, for %s: %j comes to %s', async (server, client, serverOwner, expected) => {
    const user = await userSid();
    const owner = JSON.parse(JSON.stringify(serverOwner).replace(USER, user));
    const name = await servedBy(as(server), 'everyone');
    expect(await attemptOf(as(client), name, { serverOwner: owner })).toBe(expected);
  });
});

on(isElevated, 'peerUser()', () => {
  it.each([
    ['elevated', { elevated: true, integrity: 'high' }],
    ['unelevated', { elevated: false, integrity: 'medium' }],
  ] as [Who, object][])('tells who is %s', async (who, expected) => {
    const server = await serverFor(uniqueName(), { access: 'authenticated' });
    const attempt = attemptOf(as(who), server.path);
    const client = await next(server);
    await client.read();
    expect(await client.peerUser()).toMatchObject(expected);
    await client.send(Buffer.from('welcome'));
    expect(await attempt).toBe('welcome');
  });
});
