// What a PipeServer does. Beside this: listen.test.ts (accepting, serve, closing), security-*.test.ts (setAccess),
// lifecycle.test.ts (ref and unref, in processes of their own).
import { setTimeout as pause } from 'node:timers/promises';
import { describe, expect, it, vi } from 'vitest';
import { connect, framing, listen, type PipeConnection } from '../lib/index.ts';
import { clientFor, next, pair, readAll, serverFor, uniqueName, until } from './support/pipes.ts';
import { isWindows } from './support/system.ts';

const text = { framing: framing.lengthPrefix({ as: 'utf8' }) } as const;

describe('a server', () => {
  it('accepts clients that came before it was iterated, and those that come later', async () => {
    const server = await serverFor(uniqueName(), text);
    const early = await clientFor(server.path, text);
    await early.send('early');
    await until(() => server.stats().waiting === 1, 'the client waits');
    expect(await (await next(server)).read()).toBe('early');
    const waiting = next(server);
    await pause(20);
    const late = await clientFor(server.path, text);
    await late.send('late');
    expect(await (await waiting).read()).toBe('late');
  });

  it('serves several iterations, each client once, first come first served', async () => {
    const server = await serverFor(uniqueName(), text);
    const taken = [next(server), next(server), next(server)];
    for (const name of ['a', 'b', 'c']) await (await clientFor(server.path, text)).send(name);
    const frames = (await Promise.all(taken)).map((connection) => connection.read());
    expect(await Promise.all(frames)).toEqual(['a', 'b', 'c']);
  });

  it('counts: accepted, open, waiting', async () => {
    const server = await serverFor(uniqueName());
    expect(server.stats()).toEqual({ accepted: 0, open: 0, waiting: 0 });
    const clients = [await clientFor(server.path), await clientFor(server.path)];
    await until(() => server.stats().waiting === 2, 'both wait');
    expect(server.connections).toBe(2);
    const served = await next(server);
    expect(server.stats()).toEqual({ accepted: 2, open: 2, waiting: 1 });
    served.destroy();
    await served.closed;
    await until(() => server.connections === 1, 'one has left');
    for (const client of clients) client.destroy();
    await next(server);
    await until(() => server.connections === 0, 'all have left');
    expect(server.stats()).toEqual({ accepted: 2, open: 0, waiting: 0 });
  });

  it('may be asked for its connections while it is closed: there are none', async () => {
    const server = await listen(uniqueName());
    const waiting = server[Symbol.asyncIterator]().next();
    await server.close();
    expect(await waiting).toEqual({ done: true, value: undefined });
    expect(await server[Symbol.asyncIterator]().next()).toEqual({ done: true, value: undefined });
    await server.serve(() => expect.fail('there is nobody'));
  });

  it('is not ended by clients of another kind', async () => {
    const server = await serverFor(uniqueName(), text);
    const { statSync } = await import('node:fs');
    for (let i = 0; i < 10; i++) {
      try {
        statSync(server.path); // on Windows this connects
      } catch {}
      (await connect(server.path, { framing: framing.raw() })).destroy();
    }
    const client = await clientFor(server.path, text);
    await client.send('a real one');
    await client.close();
    const all: string[] = [];
    for await (const connection of server) {
      all.push(...(await readAll(connection)));
      if (all.length > 0) break;
    }
    expect(all).toEqual(['a real one']);
  });

  it('may be closed in the hands of its handler', async () => {
    const server = await serverFor(uniqueName(), text);
    const serving = server.serve(async (client) => {
      const closing = server.close();
      await client.send(`closing: ${await client.read()}`);
      await closing;
    });
    const client = await clientFor(server.path, text);
    await client.send('x');
    expect(await client.read()).toBe('closing: x');
    expect(await client.read()).toBeNull();
    await serving;
  });

  it('50 times opened, connected to and closed under one name', async () => {
    const name = uniqueName();
    for (let i = 0; i < 50; i++) {
      const server = await listen(name);
      const client = await connect(name);
      await server.close();
      expect(await client.read()).toBeNull();
      await client.close();
    }
  });

  it('survives 1,000 clients that connect and leave at any moment', async () => {
    const server = await serverFor(uniqueName());
    let handled = 0;
    const serving = server.serve(
      async (client) => {
        handled++;
        for await (const _ of client);
      },
      { onError() {} },
    );
    const visit = async (i: number) => {
      const client = await connect(server.path);
      if (i % 3 === 0) client.send(Buffer.alloc(i)).catch(() => {});
      if (i % 5 === 0) await pause(0);
      if (i % 2 === 0) client.destroy();
      else await client.close();
    };
    for (let i = 0; i < 1000; i += 20) await Promise.all(Array.from({ length: 20 }, (_, k) => visit(i + k)));
    await until(() => server.connections === 0, 'all have left');
    expect(handled).toBe(server.stats().accepted);
    await server.close();
    await serving;
  });
});

describe('serve', () => {
  it('runs handlers at the same time, and closes each connection when its handler settles', async () => {
    const server = await serverFor(uniqueName(), text);
    let running = 0;
    let most = 0;
    server.serve(async (client) => {
      most = Math.max(most, ++running);
      await client.send(`${await client.read()}!`);
      running--;
    });
    const clients: PipeConnection<string>[] = [];
    for (let i = 0; i < 5; i++) clients.push(await clientFor(server.path, text));
    await until(() => running === 5, 'all handlers run');
    for (const client of clients) await client.send('go');
    for (const client of clients) expect(await readAll(client)).toEqual(['go!']);
    expect(most).toBe(5);
  });

  it('hands its connection to onError, and what was sent before the failure still goes out', async () => {
    const server = await serverFor(uniqueName(), text);
    const told: [unknown, boolean][] = [];
    const failed = new Error('mine');
    server.serve(
      (client) => {
        client.send('last words');
        throw failed; // not even asynchronously
      },
      { onError: (error, connection) => told.push([error, connection.path === server.path]) },
    );
    const client = await clientFor(server.path, text);
    expect(await readAll(client)).toEqual(['last words']);
    expect(told).toEqual([[failed, true]]);
  });

  it('warns of failures that nobody is told of', async () => {
    const warn = vi.spyOn(process, 'emitWarning').mockImplementation(() => {});
    try {
      const server = await serverFor(uniqueName(), text);
      server.serve(() => Promise.reject(new Error('mine')));
      await readAll(await clientFor(server.path, text));
      await until(() => warn.mock.calls.length > 0, 'the warning');
      expect(warn).toHaveBeenCalledWith(expect.stringContaining('Error: mine'), 'PipeHandlerWarning');
    } finally {
      warn.mockRestore();
    }
  });

  it('resolves when the server is closed and the last handler has settled', async () => {
    const { server, served, client } = await pair(text);
    const order: string[] = [];
    const serving = server.serve(async (connection) => {
      await connection.read();
      order.push('handler');
    });
    const second = await clientFor(server.path, text);
    await until(() => server.stats().waiting === 0 && server.connections === 2, 'the handler runs');
    const closing = server.close().then(() => order.push('closed'));
    await closing;
    await second.send('now');
    await serving;
    expect(order).toEqual(['closed', 'handler']);
    served.destroy();
    client.destroy();
  });

  it('gives handlers a signal that aborts when their client has gone', async () => {
    const server = await serverFor(uniqueName(), text);
    const told: unknown[] = [];
    server.serve(async (connection, { signal }) => {
      expect(signal).toBe(connection.signal);
      await new Promise((resolve) => signal.addEventListener('abort', resolve));
      told.push(signal.reason.code);
    });
    const client = await clientFor(server.path, text);
    await until(() => server.stats().waiting === 0 && server.connections === 1, 'it runs');
    client.destroy();
    await until(() => told.length > 0, 'the handler is told');
    expect(told).toEqual(['EPIPE']);
  });

  it('serves as many clients as count says, closes the server, and waits for their handlers', async () => {
    const server = await serverFor(uniqueName(), text);
    const served: (string | null)[] = [];
    const serving = server.serve(async (connection) => served.push(await connection.read()), { count: 2 });
    const clients = [await clientFor(server.path, text), await clientFor(server.path, text)];
    await server.closed;
    // On Windows the name lives as long as a connection does.
    const nobody = { code: isWindows ? 'ETIMEDOUT' : 'ENOENT' };
    await expect(connect(server.path, { timeout: 1 })).rejects.toMatchObject(nobody);
    expect(served).toEqual([]);
    for (const client of clients) await client.send('in time');
    await serving;
    expect(served).toEqual(['in time', 'in time']);
    for (const client of clients) expect(await client.read()).toBeNull();
  });

  it.each([0, -1, 1.5, Number.NaN, '2', null])('refuses a count of %j', async (count) => {
    const server = await serverFor(uniqueName(), text);
    await expect(server.serve(() => {}, { count } as object)).rejects.toMatchObject({
      code: 'EINVAL',
      message: expect.stringContaining('count must be a whole number from 1 up'),
    });
  });
});

describe('a server tells', () => {
  it('who its clients are, in the order in which they came', async () => {
    const server = await serverFor(uniqueName(), text);
    expect(server.clients).toEqual([]);
    const ends: PipeConnection<string>[] = [];
    const served: PipeConnection<string>[] = [];
    for (let i = 0; i < 3; i++) ends.push(await clientFor(server.path, text));
    for (let i = 0; i < 3; i++) served.push(await next(server));
    expect(server.clients.map(({ id }) => id)).toEqual(served.map(({ id }) => id));
    ends[0]!.destroy();
    await served[0]!.closed;
    await until(() => server.connections === 2, 'one has left');
    const late = await clientFor(server.path, text); // where the first one was
    const last = await next(server);
    expect(server.clients).toEqual([served[1], served[2], last]);
    await Promise.all(server.clients.map((client) => client.send('to all')));
    for (const end of [ends[1]!, ends[2]!, late]) expect(await end.read()).toBe('to all');
  });

  it('when it is closed, whoever closed it', async () => {
    const controller = new AbortController();
    const server = await serverFor(uniqueName(), { signal: controller.signal });
    let closed = false;
    const closing = server.closed.then(() => (closed = true));
    await pause(20);
    expect(closed).toBe(false);
    controller.abort();
    await closing;
    expect(server.clients).toEqual([]);
    await serverFor(server.path); // the name is free
    await server.closed;
  });
});
