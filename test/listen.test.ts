import { describe, expect, it } from 'vitest';
import { connect, framing, listen } from '../lib/index.ts';
import { clientFor, next, pair, pattern, readAll, serverFor, uniqueName, until } from './support/pipes.ts';
import { isWindows } from './support/system.ts';

describe('accepting', () => {
  it('serves 200 clients that connect at once', async () => {
    const name = uniqueName();
    const server = await serverFor(name, { pendingInstances: 4 });
    const serving = server.serve(async (client) => {
      for await (const frame of client) await client.send(frame);
    });
    await Promise.all(
      Array.from({ length: 200 }, async (_, i) => {
        const client = await connect(name);
        await client.send(Buffer.from(`client ${i}`));
        expect(String(await client.read())).toBe(`client ${i}`);
        await client.close();
      }),
    );
    expect(server.stats().accepted).toBe(200);
    await server.close();
    await serving;
    expect(server.connections).toBe(0);
  });

  it('serves a client that connected, wrote and left before it was accepted', async () => {
    const name = uniqueName();
    const server = await serverFor(name);
    const client = await connect(name);
    await client.send(Buffer.from('first'));
    await client.send(pattern(20_000));
    await client.close();
    const served = await next(server);
    expect((await readAll(served)).map((frame) => frame.length)).toEqual([5, 20_000]);
    await served.closed;
  });

  it('hands connections over in the order in which clients came', async () => {
    const name = uniqueName();
    const server = await serverFor(name);
    for (let i = 0; i < 20; i++) {
      const client = await clientFor(name);
      await client.send(Buffer.from([i]));
    }
    const order: number[] = [];
    for await (const connection of server) {
      order.push((await connection.read())![0]!);
      if (order.length === 20) break;
    }
    expect(order).toEqual(Array.from({ length: 20 }, (_, i) => i));
  });

  it('tolerates clients that connect and leave without a word', async () => {
    const name = uniqueName();
    const server = await serverFor(name);
    const served: string[] = [];
    const serving = server.serve(async (client) => {
      for await (const frame of client) served.push(String(frame));
    });
    for (let i = 0; i < 50; i++) (await connect(name)).destroy();
    const client = await clientFor(name);
    await client.send(Buffer.from('still there'));
    await client.close();
    await until(() => served.length === 1, 'the last client is served');
    await server.close();
    await serving;
    expect(served).toEqual(['still there']);
  });

  it('is not ended by leaving the loop', async () => {
    const { server, name } = await pair();
    const client = await clientFor(name);
    await client.send(Buffer.from('second'));
    expect(String(await (await next(server)).read())).toBe('second');
  });
});

describe('serve', () => {
  it('survives handlers that throw, and tells of them', async () => {
    const name = uniqueName();
    const server = await serverFor(name, { framing: framing.lengthPrefix({ as: 'utf8' }) });
    const failures: string[] = [];
    const serving = server.serve(
      async (client) => {
        const frame = await client.read();
        await client.send(`got ${frame}`);
        throw new Error(`handler of ${frame}`);
      },
      { onError: (error) => failures.push((error as Error).message) },
    );
    for (const text of ['a', 'b']) {
      const client = await clientFor(name, { framing: framing.lengthPrefix({ as: 'utf8' }) });
      await client.send(text);
      expect(await client.read()).toBe(`got ${text}`);
      expect(await client.read()).toBeNull(); // closed when the handler settled
    }
    await server.close();
    await serving;
    expect(failures).toEqual(['handler of a', 'handler of b']);
  });
});

describe('a name that is taken', () => {
  it('rejects with EADDRINUSE, and the first server goes on', async () => {
    const { name, server } = await pair();
    await expect(listen(name)).rejects.toMatchObject({ code: 'EADDRINUSE', syscall: 'listen', path: server.path });
    const client = await clientFor(name);
    await client.send(Buffer.from('hello'));
    expect(String(await (await next(server)).read())).toBe('hello');
  });

  it('is free again when close() has resolved', async () => {
    const name = uniqueName();
    for (let i = 0; i < 20; i++) {
      const server = await listen(name);
      const client = await connect(name);
      await server.close({ connections: true });
      client.destroy();
      await client.closed;
    }
  });

  it('is free then, too, when nobody had taken its clients', async () => {
    const name = uniqueName();
    for (let i = 0; i < 20; i++) {
      const server = await listen(name);
      await clientFor(name);
      await until(() => server.stats().waiting === 1, 'it is let in');
      await server.close();
    }
  });

  it(`is ${isWindows ? 'taken while' : 'free though'} connections of a closed server live on`, async () => {
    const { name, server, client, served } = await pair();
    await server.close();
    if (isWindows) {
      await expect(listen(name)).rejects.toMatchObject({ code: 'EADDRINUSE' });
      await served.close();
      await client.closed;
    }
    await (await listen(name)).close();
    expect(client.state).toBe(isWindows ? 'closed' : 'open');
  });
});

describe('closing a server', () => {
  it('lets connections that were taken live on', async () => {
    const { server, served, client, name } = await pair();
    await server.close();
    await expect(connect(name, { timeout: 100 })).rejects.toMatchObject({
      // Windows: the name lives as long as an instance does, and that one is taken.
      code: isWindows ? 'ETIMEDOUT' : 'ENOENT',
    });
    await client.send(Buffer.from('on'));
    expect(String(await served.read())).toBe('on');
    await served.send(Buffer.from('and on'));
    expect(String(await client.read())).toBe('and on');
  });

  it('disconnects clients that nobody took', async () => {
    const name = uniqueName();
    const server = await listen(name);
    const client = await clientFor(name);
    await server.close();
    expect(await client.read()).toBeNull();
    await client.closed;
  });

  it('with { connections: true } and by `await using` closes connections, too', async () => {
    const name = uniqueName();
    const server = await listen(name);
    const client = await clientFor(name);
    const served = await next(server);
    await served.send(Buffer.from('last words'));
    await server[Symbol.asyncDispose]();
    await served.closed;
    expect(String(await client.read())).toBe('last words');
    expect(await client.read()).toBeNull();
  });

  it('happens when its signal aborts; an aborted signal opens none', async () => {
    const controller = new AbortController();
    const name = uniqueName();
    const server = await listen(name, { signal: controller.signal });
    const ended = (async () => {
      for await (const _ of server);
    })();
    controller.abort();
    await ended;
    await server.close();
    await expect(connect(name)).rejects.toMatchObject({ code: 'ENOENT' });
    const reason = new Error('not today');
    await expect(listen(name, { signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
  });
});

describe('maxInstances', () => {
  it('keeps further clients waiting until one leaves', async () => {
    const name = uniqueName();
    const server = await serverFor(name, { maxInstances: 2 });
    const first = await clientFor(name);
    await clientFor(name);
    await next(server);
    await next(server);
    let third = false;
    const waiting = clientFor(name, { timeout: 5000 }).then(async (client) => {
      await client.send(Buffer.from('third'));
      return client;
    });
    const taken = next(server).then((connection) => {
      third = true;
      return connection;
    });
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(third).toBe(false);
    await first.close();
    expect(String(await (await taken).read())).toBe('third');
    await waiting;
  });
});

describe('invalid options', () => {
  it.each([
    ['direction', 'sideways'],
    ['access', 'nobody'],
    ['access', {}],
    ['allowRemote', 'yes'],
    ['exclusive', 1],
    ['maxInstances', 0],
    ['maxInstances', 255],
    ['pendingInstances', 0],
    ['bufferSize', -1],
    ['bufferSize', { in: 1 }],
    ['highWaterMark', 0],
    ['highWaterMark', 1.5],
    ['signal', {}],
    ['framing', {}],
    ['framing', 'lines'],
  ])('%s: %j', async (option, value) => {
    const name = uniqueName();
    await expect(listen(name, { [option]: value })).rejects.toMatchObject({
      code: expect.stringMatching(/^(EINVAL|ENOTSUP)$/),
      message: expect.stringContaining(option),
    });
    await expect(connect(name)).rejects.toMatchObject({ code: 'ENOENT' }); // nothing was created
  });

  it.each([
    ['timeout', -1],
    ['timeout', '10'],
    ['impersonation', 'full'],
    ['serverOwner', 'me'],
    ['waitForServer', 1],
    ['highWaterMark', Number.NaN],
  ])('connect: %s: %j', async (option, value) => {
    await expect(connect(uniqueName(), { [option]: value })).rejects.toMatchObject({
      code: 'EINVAL',
      message: expect.stringContaining(option),
    });
  });
});
