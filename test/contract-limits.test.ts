// The limits that a server may set for its clients, and either side for its peer. When each of them runs out, by a clock
// of its own: native/time_limits_test.cc.
import { describe, expect, it } from 'vitest';
import {
  type ConnectOptions,
  connect,
  framing,
  type ListenOptions,
  listen,
  type PipeConnection,
  type PipeServer,
} from '../lib/index.ts';
import { clientFor, next, pair, pattern, serverFor, uniqueName, until } from './support/pipes.ts';
import { isWindows } from './support/system.ts';

/** How the connection came to its end. */
const end = (connection: PipeConnection<never> | PipeConnection): Promise<unknown> =>
  connection.closed.then(
    () => 'in good order',
    ({ code, option }) => ({ code, option }),
  );
const timedOut = (option: string) => ({ code: 'ETIMEDOUT', option });
const raw = { framing: framing.raw() };

describe('firstFrameTimeout', () => {
  it('ends a connection whose client says nothing, and lets others in', async () => {
    const server = await serverFor(uniqueName(), { firstFrameTimeout: 30, maxInstances: 2 });
    const silent = [await clientFor(server.path), await clientFor(server.path)];
    const served = [await next(server), await next(server)];
    expect(await Promise.all(served.map(end))).toEqual([timedOut('firstFrameTimeout'), timedOut('firstFrameTimeout')]);
    for (const client of silent) expect(await client.read()).toBeNull();
    const client = await clientFor(server.path);
    await client.send(Buffer.from('hello'));
    const spoken = await next(server);
    expect(String(await spoken.read())).toBe('hello');
  });

  it('is told to who reads', async () => {
    const { served } = await pair({ firstFrameTimeout: 30 });
    await expect(served.read()).rejects.toMatchObject({ code: 'ETIMEDOUT', option: 'firstFrameTimeout' });
  });

  it('ends what nobody has taken, and who says nothing is not handed over', async () => {
    const server = await serverFor(uniqueName(), { firstFrameTimeout: 30 });
    const client = await clientFor(server.path);
    expect(await client.read()).toBeNull();
    await until(() => server.connections === 0, 'it is gone here, too');
    expect(server.stats()).toMatchObject({ accepted: 0, open: 0, waiting: 0 });
  });
});

describe('frameTimeout', () => {
  it('ends a connection whose peer does not complete a frame', async () => {
    const server = await serverFor(uniqueName(), { frameTimeout: 30 });
    const client = await clientFor(server.path, raw);
    await client.send(Buffer.of(1, 0, 0, 0, 1, 9, 0, 0, 0, 1, 2, 3));
    const served = await next(server);
    expect(await served.read()).toEqual(Buffer.of(1));
    expect(await end(served)).toEqual(timedOut('frameTimeout'));
  });

  it('is for connect, too', async () => {
    const server = await serverFor(uniqueName(), raw);
    const client = await clientFor(server.path, { frameTimeout: 30 });
    await (await next(server)).send(Buffer.of(1, 0));
    expect(await end(client)).toEqual(timedOut('frameTimeout'));
  });
});

describe('idleTimeout', () => {
  it.each(['listen', 'connect'] as const)('of %s ends a connection on which nothing happens', async (of) => {
    const limit = { idleTimeout: 30 };
    const { client, served } = await pair(
      of === 'listen' ? limit : {},
      of === 'listen' ? { idleTimeout: undefined } : limit,
    );
    await client.send(Buffer.from('one'));
    await served.read();
    const [limited, other] = of === 'listen' ? [served, client] : [client, served];
    expect(await end(limited)).toEqual(timedOut('idleTimeout'));
    expect(await other.read()).toBeNull();
  });
});

describe('writeTimeout', () => {
  it('ends a connection whose peer takes nothing of what is queued', async () => {
    const { client, served } = await pair({ highWaterMark: 65_536 }, { writeTimeout: 30 });
    const waiting: Promise<void>[] = [];
    for (let i = 0; i < 100; i++) waiting.push(client.send(pattern(100_000)));
    const settled = Promise.allSettled(waiting);
    expect(await end(client)).toEqual(timedOut('writeTimeout'));
    expect((await settled).at(-1)).toMatchObject({ status: 'rejected', reason: { code: 'EPIPE' } });
    served.destroy();
  });
});

describe('both sides write, and neither reads', () => {
  it.each(['writeTimeout', 'idleTimeout'] as const)('is ended by %s', async (option) => {
    const { client, served } = await pair({ highWaterMark: 65_536 }, { [option]: 50 });
    const flood = (pipe: PipeConnection) =>
      Promise.allSettled(Array.from({ length: 40 }, (_, i) => pipe.send(pattern(100_000, i))));
    const flooded = Promise.all([flood(client), flood(served)]);
    expect(await end(client)).toEqual(timedOut(option));
    await served.closed.catch(() => {}); // some of what it sent is lost
    expect(served.state).toBe('closed');
    for (const all of await flooded)
      expect(all.at(-1)).toMatchObject({ status: 'rejected', reason: { code: 'EPIPE' } });
  });
});

describe('limits of time', () => {
  it('stand still while this side does not read', async () => {
    const limits = { firstFrameTimeout: 30, frameTimeout: 30, idleTimeout: 30, writeTimeout: 30 };
    const server = await serverFor(uniqueName(), { ...limits, highWaterMark: 1000 });
    const client = await clientFor(server.path);
    const sent = Promise.all(Array.from({ length: 40 }, (_, i) => client.send(pattern(50_000, i))));
    const slow = await next(server);
    await until(() => slow.available > 0, 'it has read as far as it may');
    for (let i = 0; i < 3; i++) {
      await clientFor(server.path); // one after the other runs out of time
      expect(await end(await next(server))).toEqual(timedOut('firstFrameTimeout'));
    }
    for (let i = 0; i < 40; i++) expect((await slow.read())!.equals(pattern(50_000, i))).toBe(true);
    await sent;
    expect(await end(slow)).toEqual(timedOut('idleTimeout')); // it reads again, and nothing comes
  });

  it('may be Infinity, and are off by then', async () => {
    const off = { frameTimeout: Infinity, idleTimeout: Infinity, writeTimeout: Infinity };
    const { client, served } = await pair({ ...off, firstFrameTimeout: Infinity }, off);
    await client.send(Buffer.from('late'));
    expect(String(await served.read())).toBe('late');
  });

  it.each(['firstFrameTimeout', 'frameTimeout', 'idleTimeout', 'writeTimeout'])('are checked: %s', async (option) => {
    for (const value of [0, -1, NaN, '5', null, 2 ** 31]) {
      const refused = { code: 'EINVAL', message: expect.stringContaining(option) };
      await expect(listen(uniqueName(), { [option]: value })).rejects.toMatchObject(refused);
      if (option !== 'firstFrameTimeout')
        await expect(connect(uniqueName(), { [option]: value })).rejects.toMatchObject(refused);
    }
  });

  const message = framing.message();
  it.each<[string, string, ListenOptions]>([
    ['frameTimeout', 'framing.raw(), which has no frames: use idleTimeout', raw],
    ['frameTimeout', 'framing.message(), whose frames come whole: use idleTimeout', { framing: message }],
    ['frameTimeout', "direction: 'out', which receives nothing: use idleTimeout or writeTimeout", { direction: 'out' }],
    [
      'firstFrameTimeout',
      "direction: 'out', which receives nothing: use idleTimeout or writeTimeout",
      { direction: 'out' },
    ],
    ['writeTimeout', "direction: 'in', which sends nothing: use idleTimeout or frameTimeout", { direction: 'in' }],
  ])('that could never run out are refused: %s is not for %s', async (option, why, of) => {
    const refused = { code: 'EINVAL', message: `${option} is not for ${why}` };
    const options = { ...of, [option]: 10 } as object;
    await expect(listen(uniqueName(), options)).rejects.toMatchObject(refused);
    if (option !== 'firstFrameTimeout') await expect(connect(uniqueName(), options)).rejects.toMatchObject(refused);
    await serverFor(uniqueName(), { ...of, [option]: Infinity }); // which is none
  });

  it.each<[ListenOptions, ConnectOptions]>([
    [{ direction: 'in', firstFrameTimeout: 9e6, frameTimeout: 9e6, idleTimeout: 9e6 }, { direction: 'out' }],
    [
      { direction: 'out', idleTimeout: 9e6, writeTimeout: 9e6 },
      { direction: 'in', frameTimeout: 9e6 },
    ],
    [{ framing: message, firstFrameTimeout: 9e6, idleTimeout: 9e6, writeTimeout: 9e6 }, { writeTimeout: 9e6 }],
    [{ ...raw, firstFrameTimeout: 9e6, idleTimeout: 9e6, writeTimeout: 9e6 }, { idleTimeout: 9e6 }],
  ])('that can run out are accepted: %j, %j', async (listening, connecting) => {
    const { client, served } = await pair(listening, connecting);
    const [from, to] = listening.direction === 'out' ? [served, client] : [client, served];
    await from.send(Buffer.from('in time'));
    expect(String(await to.read())).toBe('in time');
  });

  // Windows: the loop has noticed it on a thread of its own, and this one sends before it is told.
  it('are what closed tells, whatever was sent meanwhile', async () => {
    const { served } = await pair({ firstFrameTimeout: 30 });
    for (const until = Date.now() + 500; Date.now() < until; );
    served.send(Buffer.from('hello')).catch(() => {});
    expect(await end(served)).toEqual(timedOut('firstFrameTimeout'));
    await expect(served.read()).rejects.toMatchObject(timedOut('firstFrameTimeout'));
  });
});

describe('backlog', () => {
  it('is how many are let in before anybody takes them, and all come in the end', async () => {
    const server = await serverFor(uniqueName(), { backlog: 2 });
    const clients = Array.from({ length: 6 }, async () => {
      const client = await clientFor(server.path);
      await client.send(Buffer.from('here'));
      return client;
    });
    await until(() => server.stats().waiting === 2, 'two are let in');
    // The loop looks again and again, and lets nobody in.
    const other = await pair();
    for (let i = 0; i < 20; i++) {
      await other.client.send(pattern(10));
      await other.served.read();
    }
    expect(server.stats()).toMatchObject({ accepted: 2, waiting: 2 });
    for (let i = 0; i < 6; i++) expect(String(await (await next(server)).read())).toBe('here');
    await Promise.all(clients);
    expect(server.stats()).toMatchObject({ accepted: 6, waiting: 0 });
  });

  it('has no place for who leaves without a byte', async () => {
    const server = await serverFor(uniqueName(), { backlog: 1 });
    for (let i = 0; i < 3; i++) {
      const client = await clientFor(server.path);
      await until(() => server.connections === 1, 'it is let in');
      client.destroy();
      await until(() => server.connections === 0, 'it has left');
      expect(server.stats()).toEqual({ accepted: 0, open: 0, waiting: 0 });
    }
    const client = await clientFor(server.path);
    await client.send(Buffer.from('I stay'));
    expect(String(await (await next(server)).read())).toBe('I stay');
  });

  it('keeps who has sent something, though it has left', async () => {
    const server = await serverFor(uniqueName(), { framing: framing.message() });
    const client = await clientFor(server.path, { framing: framing.message() });
    await client.send(Buffer.alloc(0));
    await client.close();
    await until(() => server.stats().accepted === 1 && server.connections === 0, 'it has left');
    expect(server.stats().waiting).toBe(1);
    expect(await (await next(server)).read()).toEqual(Buffer.alloc(0));
  });

  it.each([0, 1.5, -1, '3'])('is checked: %j', async (backlog) => {
    const refused = { code: 'EINVAL', message: expect.stringContaining('backlog') };
    await expect(listen(uniqueName(), { backlog } as ListenOptions)).rejects.toMatchObject(refused);
  });
});

describe('maxPerUser', () => {
  async function greet(server: PipeServer): Promise<PipeConnection> {
    const client = await clientFor(server.path);
    client.send(Buffer.from('hello')).catch(() => {});
    return client;
  }

  it('is how many connections a user has at once: the next one is closed, and counted', async () => {
    const server = await serverFor(uniqueName(), { maxPerUser: 2 });
    const clients = [await greet(server), await greet(server)];
    const served = [await next(server), await next(server)];
    for (const connection of served) expect(String(await connection.read())).toBe('hello');
    for (let i = 1; i <= 3; i++) {
      const refused = await greet(server);
      await refused.closed.catch(() => {}); // it may not have got rid of its frame
      await until(() => server.stats().refused === i && server.connections === 2, 'it is refused');
    }
    expect(server.stats().waiting).toBe(0);
    clients[0]!.destroy();
    await until(() => server.connections === 1, 'one has left');
    const another = await greet(server);
    expect(String(await (await next(server)).read())).toBe('hello');
    await another.close();
    expect(server.stats().refused).toBe(3);
    await server.close();
    expect(server.stats().refused).toBe(3);
  });

  // There, who a client is comes with its first bytes, and a server may speak first.
  it(
    isWindows ? 'refuses on Windows who was handed over, before the first frame' : 'refuses who was handed to nobody',
    async () => {
      const server = await serverFor(uniqueName(), { maxPerUser: 1 });
      const frames: number[] = [];
      void server.serve(async (connection) => {
        let count = 0;
        for await (const _ of connection) count++;
        frames.push(count);
      });
      const first = await greet(server);
      await until(() => server.clients[0]?.stats().framesReceived === 1, 'one has spoken');
      const second = await clientFor(server.path);
      if (isWindows) await until(() => server.stats().accepted === 2, 'it is handed over');
      second.send(Buffer.from('hello')).catch(() => {});
      await second.closed.catch(() => {});
      await until(() => server.stats().refused === 1, 'it is refused');
      await first.close();
      await until(() => server.connections === 0 && frames.length === (isWindows ? 2 : 1), 'all have left');
      expect(frames).toEqual(isWindows ? [0, 1] : [1]);
      expect(server.stats().accepted).toBe(frames.length);
    },
  );

  it('is unlimited by default, and then not counted', async () => {
    const server = await serverFor(uniqueName());
    for (let i = 0; i < 20; i++) await greet(server);
    for (let i = 0; i < 20; i++) expect(String(await (await next(server)).read())).toBe('hello');
    expect(server.stats().refused).toBeUndefined();
  });

  it.each([0, -1, 2.5, 'all', null])('is checked: %j', async (maxPerUser) => {
    const refused = { code: 'EINVAL', message: expect.stringContaining('maxPerUser') };
    await expect(listen(uniqueName(), { maxPerUser } as ListenOptions)).rejects.toMatchObject(refused);
  });

  it("is not for direction: 'out'", async () => {
    const refused = { code: 'EINVAL', message: expect.stringContaining('direction') };
    await expect(listen(uniqueName(), { maxPerUser: 1, direction: 'out' })).rejects.toMatchObject(refused);
  });
});

describe('busyPoll', () => {
  it.each([
    [false, false],
    [true, false],
    [false, true],
  ])('%j, and %j on the other side: all the same to who talks', async (server, client) => {
    const both = await pair({ busyPoll: server }, { busyPoll: client });
    for (let i = 0; i < 200; i++) {
      await both.client.send(pattern(64, i));
      await both.served.send((await both.served.read())!);
      expect((await both.client.read())!.equals(pattern(64, i))).toBe(true);
    }
  });

  it.each(['no', 0, null])('is checked: %j', async (busyPoll) => {
    const refused = { code: 'EINVAL', message: expect.stringContaining('busyPoll') };
    await expect(listen(uniqueName(), { busyPoll } as unknown as ListenOptions)).rejects.toMatchObject(refused);
    await expect(connect(uniqueName(), { busyPoll } as never)).rejects.toMatchObject(refused);
  });
});
