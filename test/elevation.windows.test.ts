// An elevated process, one of the same user that is not, and SYSTEM: whose pipe is whose, and who drives whom. Wine makes such
// tokens up; on Windows itself it takes two logons of one user (.github/workflows/windows.yml).
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { pipePath } from '../lib/name.ts';
import { startAs } from './support/clients.ts';
import { uniqueName } from './support/pipes.ts';
import { hasPipeSecurity, isWine, on } from './support/system.ts';
import { descriptorOf } from './support/witness.ts';

type Who = 'elevated' | 'unelevated' | 'system' | 'system-itself';

const child = fileURLToPath(new URL('support/elevation-child.js', import.meta.url));
const ADMINISTRATORS = 'S-1-5-32-544';
const SYSTEM = 'S-1-5-18';
const USER = 'S-1-5-21-7-7-7-1001';

/** The name of a pipe that somebody serves, until the test ends. */
async function servedBy(who: Who, access: unknown = 'owner'): Promise<string> {
  const name = uniqueName();
  const server = startAs(who, [child, 'serve', name, JSON.stringify(access)]);
  const [said] = await once(server.stdout!, 'data');
  expect(String(said).trim()).toBe('served');
  return name;
}

/** What connecting comes to: a code, or what the server says of its client. */
async function attemptOf(who: Who, name: string, options: object = {}): Promise<string> {
  const client = startAs(who, [child, 'connect', name, JSON.stringify(options)]);
  const [said] = await once(client.stdout!, 'data');
  return String(said).trim();
}

on(isWine && hasPipeSecurity, "access: 'owner'", () => {
  it.each([
    ['elevated', [ADMINISTRATORS]],
    ['unelevated', [USER]],
    ['system', [ADMINISTRATORS, SYSTEM]],
    ['system-itself', [SYSTEM, ADMINISTRATORS]],
  ] as const)('of %s is for %j', async (who, sids) => {
    // It may be looked at by whoever may connect, which this process may not: so the server lets it, and itself.
    const name = await servedBy(who, { allow: ['everyone'] });
    const { owner, entries } = descriptorOf(pipePath(name));
    expect(owner).toBe(sids[0]);
    expect(entries!.slice(0, -1)).toEqual(sids.map((sid) => ({ allow: true, mask: 0x1f01ff, sid })));
  });

  describe.each([
    ['elevated', { elevated: 'welcome', unelevated: 'EACCES', system: 'welcome' }],
    ['unelevated', { elevated: 'welcome', unelevated: 'welcome', system: 'EACCES' }],
    ['system', { elevated: 'welcome', unelevated: 'EACCES', system: 'welcome', 'system-itself': 'welcome' }],
    ['system-itself', { elevated: 'welcome', unelevated: 'EACCES', system: 'welcome' }],
  ] as const)('of a server that is %s', (server, comes) => {
    it('lets in whom it is for', async () => {
      const name = await servedBy(server);
      for (const [client, expected] of Object.entries(comes))
        expect([client, await attemptOf(client as Who, name)]).toEqual([client, expected]);
    });
  });
});

on(isWine && hasPipeSecurity, 'serverOwner', () => {
  const UNTRUSTED = 'ERR_PIPE_UNTRUSTED_SERVER';
  it.each([
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
  ] as const)('of a pipe of %s, for %s: %j comes to %s', async (server, client, serverOwner, expected) => {
    const name = await servedBy(server, 'everyone');
    expect(await attemptOf(client, name, { serverOwner })).toBe(expected);
  });
});
