// The name of a server is its own from listen to close, however many instances its clients have used up.
import { setImmediate as turn } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { connect, framing, listen, type PipeConnection, type PipeServer } from '../lib/index.ts';
import { clientFor, next, serverFor, uniqueName, until } from './support/pipes.ts';
import { hasPipeSecurity, on } from './support/system.ts';
import { errorOf, ForeignClient, ForeignServer, win } from './support/witness.ts';

const FIRST = win.FILE_FLAG_FIRST_PIPE_INSTANCE + win.PIPE_ACCESS_DUPLEX;
const TAKEN = { name: 'PipeError', code: 'EADDRINUSE', syscall: 'listen' };
const LETS_NOBODY_TAKE_IT = [win.ERROR_ACCESS_DENIED, win.ERROR_PIPE_BUSY];

/** Clients that come one after the other and leave at once, until so many were served. */
async function comeAndGo(server: PipeServer, number: number, meanwhile: () => Promise<void>): Promise<void> {
  const serving = server.serve((client) => client.destroy());
  let over = false;
  const clients = Array.from({ length: 4 }, async () => {
    while (!over) (await connect(server.path, { timeout: 20_000 })).destroy(); // an absent pipe would reject
  });
  while (server.stats().accepted < number) {
    await Promise.race([meanwhile(), ...clients]);
    await turn();
  }
  over = true;
  await Promise.all(clients);
  await server.close({ connections: true, timeout: 100 });
  await serving;
}

on(hasPipeSecurity, 'a server whose clients come and go', () => {
  it.each([1, 2, 'unlimited'] as const)(
    'has its name all the while, maxInstances: %s',
    {
      timeout: 60_000,
    },
    async (maxInstances) => {
      const server = await serverFor(uniqueName(), { maxInstances, pendingInstances: 1 });
      let attempts = 0;
      await comeAndGo(server, 300, async () => {
        await expect(listen(server.path)).rejects.toMatchObject(TAKEN);
        expect(LETS_NOBODY_TAKE_IT).toContain(errorOf(() => new ForeignServer(server.path, { openMode: FIRST })));
        attempts++;
      });
      expect(attempts).toBeGreaterThan(0);
      expect(server.stats().lastFailure).toBeUndefined();
      const isFree = () => errorOf(() => new ForeignClient(server.path)) === win.ERROR_FILE_NOT_FOUND;
      await until(isFree, 'the connections that were destroyed have ended, and with them the name');
    },
  );
});

on(hasPipeSecurity, 'what holds the name', () => {
  it('admits nobody: a client more than maxInstances finds the pipe busy', async () => {
    for (const maxInstances of [1, 2]) {
      const server = await serverFor(uniqueName(), { maxInstances });
      for (let i = 0; i < maxInstances; i++) await clientFor(server.path);
      for (let i = 0; i < 100; i++) expect(errorOf(() => new ForeignClient(server.path))).toBe(win.ERROR_PIPE_BUSY);
      await until(() => server.stats().accepted === maxInstances, 'those who got in are served');
    }
  });

  it('counts for Windows, and not for maxInstances: 254 at once', async () => {
    const server = await serverFor(uniqueName(), { maxInstances: 254, backlog: 300 }); // nobody takes them
    const clients: PipeConnection[] = [];
    for (let i = 0; i < 254; i++) clients.push(await clientFor(server.path));
    await until(() => server.connections === 254, 'all are served');
    await expect(connect(server.path, { timeout: 50 })).rejects.toMatchObject({ code: 'ETIMEDOUT' });
    clients[0]!.destroy();
    const late = await clientFor(server.path);
    await late.send(Buffer.from('in the place of the first'));
    expect(server.stats().lastFailure).toBeUndefined();
  });

  it('is let go by close(), though a connection lives on, which then holds the name alone', async () => {
    const server = await serverFor(uniqueName(), { maxInstances: 1 });
    const client = await clientFor(server.path);
    const served = await next(server);
    await server.close();
    await expect(listen(server.path)).rejects.toMatchObject({
      ...TAKEN,
      message: expect.stringContaining('close({ connections: true })'),
    });
    expect(errorOf(() => new ForeignClient(server.path))).toBe(win.ERROR_PIPE_BUSY);
    served.destroy();
    await served.closed;
    expect(errorOf(() => new ForeignClient(server.path))).toBe(win.ERROR_FILE_NOT_FOUND);
    await client.closed;
    await serverFor(server.path);
  });
});

on(hasPipeSecurity, 'exclusive: false', () => {
  it('maxInstances counts the connections of each server by itself', async () => {
    const shared = { exclusive: false, maxInstances: 1 };
    const first = await serverFor(uniqueName(), shared);
    const second = await serverFor(first.path, shared);
    await clientFor(first.path);
    await clientFor(first.path);
    await until(() => first.connections === 1 && second.connections === 1, 'each serves one');
    expect(errorOf(() => new ForeignClient(first.path))).toBe(win.ERROR_PIPE_BUSY);
    await first.close({ connections: true, timeout: 100 });
    expect(errorOf(() => new ForeignClient(first.path))).toBe(win.ERROR_PIPE_BUSY); // it is the other one's still
  });

  it('does not join a pipe of another kind', async () => {
    const server = await serverFor(uniqueName(), { exclusive: false });
    for (const options of [{ framing: framing.message() }, { direction: 'in' as const }])
      await expect(listen(server.path, { exclusive: false, ...options })).rejects.toMatchObject(TAKEN);
    expect(server.stats().lastFailure).toBeUndefined();
  });
});
