// The options of listen, a test or more for each. Beside these: security-*.test.ts (access, exclusive, allowRemote),
// security-calls.windows.test.ts (what reaches Windows), framing.test.ts, contract-backpressure.test.ts (highWaterMark).
import { getEventListeners } from 'node:events';
import net from 'node:net';
import { availableParallelism } from 'node:os';
import { setTimeout as pause } from 'node:timers/promises';
import { describe, expect, it, onTestFinished } from 'vitest';
import { INTEGRITIES, PRINCIPALS } from '../lib/constants.ts';
import { rawFraming } from '../lib/framing/framing.ts';
import { connect, framing, listen, type PipeConnection } from '../lib/index.ts';
import { listenOptions } from '../lib/options.ts';
import { clientFor, next, serverFor, uniqueName, until } from './support/pipes.ts';
import { isLinux, isWindows, on } from './support/system.ts';

const text = framing.lengthPrefix({ as: 'utf8' });

describe('the defaults of listen', () => {
  it('are those of the contract', () => {
    const { framing: chosen, ...others } = listenOptions('path', {});
    expect(rawFraming(chosen)).toMatchObject({
      kind: 'lengthPrefix',
      lengthBytes: 4,
      bigEndian: false,
      maxFrameLength: 16 << 20,
    });
    expect(others).toEqual({
      path: 'path',
      direction: 3,
      highWaterMark: 1 << 20,
      access: { allow: [PRINCIPALS.owner, ''], integrity: INTEGRITIES.unset },
      allowRemote: false,
      exclusive: true,
      maxInstances: 0,
      pendingInstances: Math.min(64, Math.max(4, 2 * availableParallelism())),
      backlog: 128,
      maxPerUser: 0,
      inBuffer: 64 << 10,
      outBuffer: 64 << 10,
    });
  });

  it('are taken for what is undefined', () => {
    const nothing = { framing: undefined, access: undefined, maxInstances: undefined, signal: undefined };
    expect(listenOptions('path', nothing)).toEqual(listenOptions('path', {}));
  });
});

describe('direction', () => {
  it.each([
    ['in', 'out'],
    ['out', 'in'],
    ['duplex', 'duplex'],
  ] as const)('%s: frames go that way only, as the server sees it', async (direction, clients) => {
    const server = await serverFor(uniqueName(), { direction, framing: text });
    const client = await clientFor(server.path, { direction: clients, framing: text });
    const served = await next(server);
    const attempt = async (from: PipeConnection<string>, to: PipeConnection<string>, open: boolean) => {
      const sent = from.send('hello');
      if (!open) return expect(sent).rejects.toMatchObject({ code: 'EPIPE' });
      await sent;
      expect(await to.read()).toBe('hello');
    };
    await attempt(client, served, direction !== 'out');
    await attempt(served, client, direction !== 'in');
  });

  it('that only sends has nothing to read, and learns that the peer has left', async () => {
    const server = await serverFor(uniqueName(), { direction: 'out', framing: text });
    const client = await clientFor(server.path, { direction: 'in', framing: text });
    const served = await next(server);
    expect(await served.read()).toBeNull();
    await served.send('bye');
    expect(await client.read()).toBe('bye');
    client.destroy();
    await served.closed;
  });
});

describe('maxInstances', () => {
  it('1: one client after the other, and nothing of the first reaches the second', async () => {
    const server = await serverFor(uniqueName(), { maxInstances: 1, framing: text });
    for (const name of ['first', 'second', 'third']) {
      const client = await clientFor(server.path, { framing: text });
      await client.send(name);
      const served = await next(server);
      expect(await served.read()).toBe(name);
      served.send(`unread by ${name}`).catch(() => {});
      client.destroy();
      await served.closed.catch(() => {});
    }
  });

  it('unlimited: 300 at once', async () => {
    const server = await serverFor(uniqueName(), { framing: text });
    const serving = server.serve(async (client) => {
      for await (const frame of client) await client.send(frame);
    });
    const clients: PipeConnection<string>[] = [];
    for (let i = 0; i < 300; i++) clients.push(await connect(server.path, { framing: text }));
    await until(() => server.connections === 300, 'all are served');
    await Promise.all(clients.map((client, i) => client.send(`${i}`)));
    expect(await Promise.all(clients.map((client) => client.read()))).toEqual(clients.map((_, i) => `${i}`));
    for (const client of clients) client.destroy();
    await server.close();
    await serving;
  });
});

describe('pendingInstances', () => {
  it('1 is enough for 100 clients at once', async () => {
    const server = await serverFor(uniqueName(), { pendingInstances: 1, framing: text });
    const serving = server.serve(async (client) => client.send(`served ${await client.read()}`));
    const answers = Array.from({ length: 100 }, async (_, i) => {
      const client = await connect(server.path, { framing: text });
      await client.send(`${i}`);
      const answer = await client.read();
      await client.close();
      return answer;
    });
    expect(await Promise.all(answers)).toEqual(answers.map((_, i) => `served ${i}`));
    await server.close();
    await serving;
  });

  it('keep the name there without a gap: 5,000 attempts to connect, and never ENOENT', async () => {
    const server = await serverFor(uniqueName(), { pendingInstances: 1 });
    server.serve((client) => client.read(), { onError() {} });
    const attempts = Array.from({ length: 8 }, async () => {
      for (let i = 0; i < 625; i++) (await connect(server.path, { timeout: 20_000 })).destroy();
    });
    await Promise.all(attempts); // a busy pipe is waited for; an absent one would reject
    expect(server.stats().accepted).toBeGreaterThan(0);
  });
});

on(isWindows, 'what Windows has of a pipe', () => {
  it('are its buffers, its limit and its kind', async () => {
    const { ForeignClient, win } = await import('./support/witness.ts');
    const options = { bufferSize: { in: 10_000, out: 20_000 }, maxInstances: 9, pendingInstances: 3 };
    const bytes = await serverFor(uniqueName(), options);
    // As the client sees it.
    expect(new ForeignClient(bytes.path).info()).toMatchObject({
      flags: 0,
      outBuffer: 20_000,
      inBuffer: 10_000,
      maxInstances: 9 + 1, // and what holds the name
    });
    const messages = await serverFor(uniqueName(), { framing: framing.message() });
    const client = new ForeignClient(messages.path);
    expect(client.info()).toMatchObject({
      flags: win.PIPE_TYPE_MESSAGE,
      outBuffer: 65_536,
      inBuffer: 65_536,
      maxInstances: 255,
    });
  });
});

on(isLinux, 'bufferSize on Linux', () => {
  it('is how much the system takes though nobody reads', async () => {
    const taken = async (bufferSize: number) => {
      const server = await serverFor(uniqueName(), { bufferSize });
      const socket = net.connect(server.path).pause();
      onTestFinished(() => void socket.destroy());
      const served = await next(server);
      for (let i = 0; i < 600; i++) served.send(Buffer.alloc(10_000)).catch(() => {});
      let before: number;
      do {
        before = served.stats().bytesSent;
        await pause(50);
      } while (served.stats().bytesSent > before);
      return before;
    };
    const usual = await taken(65_536);
    expect(usual).toBeLessThan(5_000_000);
    expect(await taken(1 << 20)).toBeGreaterThan(usual); // as far as the kernel allows (net.core.wmem_max)
  });
});

describe('signal', () => {
  it('closes the server and leaves connections alone', async () => {
    const controller = new AbortController();
    const server = await serverFor(uniqueName(), { signal: controller.signal, framing: text });
    const client = await clientFor(server.path, { framing: text });
    const served = await next(server);
    const iterating = (async () => {
      for await (const _ of server);
    })();
    controller.abort();
    await iterating;
    await server.close();
    await client.send('still here');
    expect(await served.read()).toBe('still here');
  });

  it('may be that of the whole program: servers that are closed let go of it', async () => {
    const { signal } = new AbortController();
    for (let i = 0; i < 20; i++) await (await listen(uniqueName(), { signal })).close();
    expect(getEventListeners(signal, 'abort')).toEqual([]);
  });

  it('does nothing to a server that is closed', async () => {
    const controller = new AbortController();
    const server = await listen(uniqueName(), { signal: controller.signal });
    await server.close();
    controller.abort();
    await server.close();
  });
});
