// The options of connect. Beside this: connect.test.ts, security-*.test.ts (impersonation, serverOwner, host).
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import { afterEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { rawFraming } from '../lib/framing/framing.ts';
import { connect, framing } from '../lib/index.ts';
import { pipePath } from '../lib/name.ts';
import { connectOptions } from '../lib/options.ts';
import { clientFor, next, pair, serverFor, uniqueName, until } from './support/pipes.ts';
import { isWindows, on } from './support/system.ts';

const text = framing.lengthPrefix({ as: 'utf8' });

describe('the defaults of connect', () => {
  it('are those of the contract', () => {
    const { framing: chosen, ...others } = connectOptions('path', {});
    expect(rawFraming(chosen)).toMatchObject({ kind: 'lengthPrefix', lengthBytes: 4, bigEndian: false });
    expect(others).toEqual({
      path: 'path',
      direction: 3,
      highWaterMark: 1 << 20,
      impersonation: 1,
      serverOwners: [],
    });
  });
});

describe('timeout', () => {
  afterEach(() => {
    vi.useRealTimers();
  });

  it('is 10 seconds', async () => {
    vi.useFakeTimers();
    let failed: unknown;
    connect(uniqueName(), { waitForServer: true }).catch((error) => {
      failed = error;
    });
    await vi.advanceTimersByTimeAsync(9_900);
    expect(failed).toBeUndefined();
    await vi.advanceTimersByTimeAsync(200);
    expect(failed).toMatchObject({ code: 'ETIMEDOUT', message: expect.stringContaining('(10000 ms)') });
  });

  it('0 is one attempt; Infinity is for ever', async () => {
    const name = uniqueName();
    await expect(connect(name, { waitForServer: true, timeout: 0 })).rejects.toMatchObject({ code: 'ETIMEDOUT' });
    const patient = clientFor(name, { waitForServer: true, timeout: Infinity, framing: text });
    await pause(50);
    const server = await serverFor(name, { framing: text });
    await (await patient).send('at last');
    expect(await (await next(server)).read()).toBe('at last');
  });

  it('does not keep a processor busy', async () => {
    const before = process.cpuUsage();
    const began = performance.now();
    await connect(uniqueName(), { waitForServer: true, timeout: 1000 }).catch(() => {});
    const { user, system } = process.cpuUsage(before);
    expect((user + system) / 1000).toBeLessThan((performance.now() - began) / 2);
  });
});

on(isWindows, 'a pipe that is busy', () => {
  it('is waited for until an instance is free', async () => {
    const { server, client } = await pair({ maxInstances: 1, framing: text });
    const waiting = clientFor(server.path, { framing: text });
    await pause(50);
    client.destroy();
    await (await waiting).send('my turn');
    expect(await (await next(server)).read()).toBe('my turn');
  });

  it('is waited for no longer than timeout, and not after an abort', async () => {
    const { server } = await pair({ maxInstances: 1 });
    const busy = { code: 'ETIMEDOUT', cause: { code: 'EAGAIN', winerror: 231 } };
    await expect(connect(server.path, { timeout: 60 })).rejects.toMatchObject(busy);
    const reason = new Error('enough');
    const controller = new AbortController();
    const waiting = connect(server.path, { signal: controller.signal });
    setTimeout(() => controller.abort(reason), 20);
    await expect(waiting).rejects.toBe(reason);
    expect(server.stats().accepted).toBe(1); // and nobody is left waiting at the pipe
  });
});

describe('waitForServer', () => {
  it('also waits where a server died, until another one serves', async () => {
    const name = uniqueName();
    const script = `require('net').createServer().listen(process.argv[1], () => console.log('up'))`;
    const child = spawn(process.execPath, ['--eval', script, pipePath(name)], { stdio: ['ignore', 'pipe', 'inherit'] });
    onTestFinished(() => void child.kill('SIGKILL'));
    await once(child.stdout, 'data');
    child.kill('SIGKILL');
    await once(child, 'exit');
    if (!isWindows) expect(fs.existsSync(pipePath(name))).toBe(true);
    const waiting = clientFor(name, { waitForServer: true, framing: text });
    await pause(50);
    const server = await serverFor(name, { framing: text });
    await (await waiting).send('hello');
    expect(await (await next(server)).read()).toBe('hello');
  });

  it('does not wait for what waiting does not cure', async () => {
    const server = await serverFor(uniqueName());
    const wrong = connect(server.path, { waitForServer: true, framing: framing.message(), timeout: 60_000 });
    await expect(wrong).rejects.toMatchObject({ code: 'EPROTOTYPE' });
  });

  it('many may wait for one server', async () => {
    const name = uniqueName();
    const waiting = Array.from({ length: 50 }, () => clientFor(name, { waitForServer: true, framing: text }));
    await pause(20);
    const server = await serverFor(name, { framing: text });
    server.serve(async (client) => client.send(`hello ${await client.read()}`));
    const answers = waiting.map(async (connecting, i) => {
      const client = await connecting;
      await client.send(`${i}`);
      return client.read();
    });
    expect(await Promise.all(answers)).toEqual(waiting.map((_, i) => `hello ${i}`));
  });
});

describe('signal', () => {
  it('does not concern a connection that stands', async () => {
    const server = await serverFor(uniqueName(), { framing: text });
    const controller = new AbortController();
    const client = await clientFor(server.path, { framing: text, signal: controller.signal });
    controller.abort();
    await client.send('still here');
    expect(await (await next(server)).read()).toBe('still here');
  });

  it('that aborts while the connection is being made leaves none behind', async () => {
    const server = await serverFor(uniqueName());
    server.serve((client) => client.read());
    for (let i = 0; i < 20; i++) {
      const controller = new AbortController();
      const connecting = connect(server.path, { signal: controller.signal });
      controller.abort();
      await expect(connecting).rejects.toMatchObject({ name: 'AbortError' });
    }
    const last = await clientFor(server.path);
    await last.send(Buffer.from('all who came before have been seen'));
    expect(await last.read()).toBeNull();
    await until(() => server.connections === 0, 'all have gone');
  });

  it('that aborts in the moment in which the connection stands spares it', async () => {
    const server = await serverFor(uniqueName(), { framing: text });
    const controller = new AbortController();
    const client = await connect(server.path, { framing: text, signal: controller.signal }).then((connection) => {
      controller.abort();
      return connection;
    });
    for (let i = 0; i < 10; i++) await Promise.resolve();
    await client.send('spared');
    expect(await (await next(server)).read()).toBe('spared');
    client.destroy();
  });
});

describe('what is not for this system', () => {
  it('is accepted or refused, never ignored in silence', async () => {
    const server = await serverFor(uniqueName());
    const elsewhere = connect(server.path.split(/[\\/]/).pop()!, { host: 'no-such-machine.invalid' });
    await expect(elsewhere).rejects.toMatchObject({ name: 'PipeError' });
    if (!isWindows) await expect(elsewhere).rejects.toMatchObject({ code: 'ENOTSUP' });
    // A level of impersonation asks the server to keep within it; on Linux no server could do otherwise than know us.
    (await connect(server.path, { impersonation: 'anonymous' })).destroy();
  });
});
