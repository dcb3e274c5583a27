// Waiting for a pipe that is busy: Windows wakes those who wait, and nobody asks again and again.
import { setTimeout as pause } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import { describe, expect, it } from 'vitest';
import { connect } from '../lib/index.ts';
import { pipePath } from '../lib/name.ts';
import { next, pair, serverFor, uniqueName } from './support/pipes.ts';
import { isWine, on } from './support/system.ts';
import { callsOn, traced } from './support/trace.ts';

const WAITERS = 300;

on(isWine, `${WAITERS} clients of a pipe that stays busy`, () => {
  it('open it when they come and hardly ever again', { timeout: 90_000 }, async () => {
    const name = uniqueName();
    const code = `const server = await listen(name, { maxInstances: 1 });
      const client = await connect(name);
      const enough = new AbortController();
      const waiting = Array.from({ length: ${WAITERS} }, () => connect(name, { signal: enough.signal, timeout: 60_000 }));
      await new Promise((resolve) => setTimeout(resolve, 1500));
      enough.abort();
      for (const { status } of await Promise.allSettled(waiting))
        if (status === 'fulfilled') throw new Error('a client got in');
      client.destroy();
      await server.close({ connections: true });`;
    const calls = await traced(code, name);
    const opened = callsOn(calls, 'CreateFileW', pipePath(name)).length;
    expect(opened).toBeGreaterThan(WAITERS);
    expect(opened).toBeLessThan(5 * WAITERS); // a pause of 10 ms between attempts makes it far more
    expect(callsOn(calls, 'CreateFileW', '\\\\.\\pipe\\').length).toBe(1); // whom all of them wait at
    expect(calls.filter((call) => call.name === 'WaitNamedPipeW')).toEqual([]); // which takes a thread each
  });
});

describe('clients that wait for a busy pipe', () => {
  it.each([1, 2])('all have their turn, %d at a time', { timeout: 60_000 }, async (maxInstances) => {
    const server = await serverFor(uniqueName(), { maxInstances });
    const clients = Array.from({ length: 30 }, async () => {
      const client = await connect(server.path, { timeout: 50_000 });
      await client.closed;
    });
    for (let i = 0; i < clients.length; i++) (await next(server)).destroy();
    await Promise.all(clients);
    expect(server.stats().accepted).toBe(30);
  });

  it('are told when its server has gone: ENOENT', async () => {
    const { server } = await pair({ maxInstances: 1 });
    const waiting = connect(server.path, { timeout: Infinity });
    const told = expect(waiting).rejects.toMatchObject({ code: 'ENOENT', syscall: 'connect' });
    await pause(20);
    await server.close({ connections: true, timeout: 100 });
    await told;
  });

  it('do not hold up the end of a worker', async () => {
    const { server } = await pair({ maxInstances: 1 });
    const library = new URL('../dist/index.js', import.meta.url).href;
    const code = `import(${JSON.stringify(library)}).then(({ connect }) => {
      connect(${JSON.stringify(server.path)}, { timeout: Infinity });
      require('node:worker_threads').parentPort.postMessage('waits');
    });`;
    const worker = new Worker(code, { eval: true });
    expect(await new Promise((resolve) => worker.once('message', resolve))).toBe('waits');
    expect(await worker.terminate()).toBe(1);
    expect(server.stats().accepted).toBe(1);
  });
});
