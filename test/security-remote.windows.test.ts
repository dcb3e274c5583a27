// Clients that come over the network. Wine has none: there, the flags that reach Windows are what is tested
// (security-calls.windows.test.ts), and the errors that lead nowhere.
import { hostname } from 'node:os';
import { describe, expect, it } from 'vitest';
import { connect } from '../lib/index.ts';
import { clientFor, next, serverFor, uniqueName } from './support/pipes.ts';
import { isRealWindows, on } from './support/system.ts';

on(isRealWindows, 'a client that comes by the name of this machine', () => {
  it('is rejected by default', async () => {
    const name = uniqueName();
    const server = await serverFor(name, { access: 'everyone' });
    await expect(connect(name, { host: hostname() })).rejects.toMatchObject({ name: 'PipeError', syscall: 'connect' });
    expect(server.stats().accepted).toBe(0);
    await clientFor(name); // and those on this machine are not
  });

  it('is admitted by allowRemote', async () => {
    const name = uniqueName();
    const server = await serverFor(name, { access: 'authenticated', allowRemote: true });
    const client = await clientFor(name, { host: hostname() });
    await client.send(Buffer.from('from afar'));
    const served = await next(server);
    expect(String(await served.read())).toBe('from afar');
    expect(served.peer).toEqual({}); // a remote peer could say what it likes
    expect(client.peer).toEqual({});
  });
});

describe('a machine that is not there', () => {
  it.each([
    ['{ host }', 'pipe', 'no-such-machine.invalid'],
    ['a full path', '\\\\no-such-machine.invalid\\pipe\\pipe', undefined],
  ])('%s: fails without holding up this thread', { timeout: 60_000 }, async (_, name, host) => {
    let turns = 0;
    const timer = setInterval(() => turns++, 1);
    const error = await connect(name, { host }).catch((reason) => reason);
    // Wine knows no machines, and says so at once.
    expect(error).toMatchObject({ name: 'PipeError', syscall: 'connect', winerror: expect.any(Number) });
    expect(error.code).toMatch(/^(ENOENT|EHOSTUNREACH|ENETUNREACH)$/);
    clearInterval(timer);
    if (isRealWindows) expect(turns).toBeGreaterThan(0);
  });
});
