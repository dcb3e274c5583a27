// server.broadcast: the same frames for many, encoded once, and for nobody who does not keep up.
import { createHash } from 'node:crypto';
import { setTimeout as pause, setImmediate } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { connect, framing, type ListenOptions, listen, type PipeConnection, type PipeServer } from '../lib/index.ts';
import { clientFor, next, pair, pattern, readAll, serverFor, uniqueName, until } from './support/pipes.ts';
import { isWindows } from './support/system.ts';

const text = { framing: framing.lengthPrefix({ as: 'utf8' }) } as const;
const MARK = 64 * 1024;
const MIB = 1024 * 1024;
/** What toEqual() says, which takes seconds for so many bytes. */
const digest = (frame: Buffer | null) => frame && `${frame.length} ${createHash('sha1').update(frame).digest('hex')}`;

interface Audience<T> {
  server: PipeServer<T>;
  clients: PipeConnection<T>[];
  served: PipeConnection<T>[];
}

/** A server, and so many clients of it, all taken. */
async function audience<T = Buffer>(count: number, options: ListenOptions<T> = {}): Promise<Audience<T>> {
  const server = await serverFor(uniqueName(), options);
  const { framing, highWaterMark } = options;
  const [clients, served]: PipeConnection<T>[][] = [[], []];
  for (let i = 0; i < count; i++) {
    clients!.push(await clientFor(server.path, { framing, highWaterMark }));
    served!.push(await next(server));
  }
  return { server, clients: clients!, served: served! };
}

/** Broadcasts until somebody is behind, which is counted. */
async function fillUp(server: PipeServer, frame: Buffer, to?: PipeConnection[]): Promise<number> {
  for (let sent = 0; sent < 10_000; sent++) {
    if (server.broadcast([frame], { to }).skipped > 0) return sent;
    await setImmediate();
  }
  throw new Error('nobody is ever behind');
}

describe('a broadcast', () => {
  it('goes to all that are open, those not taken yet included, and says to how many', async () => {
    const { server, clients } = await audience(3, text);
    clients.push(await clientFor(server.path, text));
    await until(() => server.connections === 4, 'the last one is there');
    expect(server.broadcast(['one', 'two'])).toEqual({ sent: 4, skipped: 0 });
    expect(server.broadcast(['three'])).toEqual({ sent: 4, skipped: 0 });
    for (const client of clients) for (const frame of ['one', 'two', 'three']) expect(await client.read()).toBe(frame);
    expect(server.stats().waiting).toBe(1); // it takes nobody
  });

  it('keeps its place among what is sent to each, by send and by sendMany', async () => {
    const { server, clients, served } = await audience(3, { ...text, highWaterMark: 16 * MIB });
    const sent: Promise<void>[] = [];
    for (let i = 0; i < 300; i++) {
      served.forEach((pipe, n) => {
        if (i % (n + 2) === 0)
          sent.push(pipe.send(`own ${n} ${i}`), pipe.sendMany([`many ${n} ${i}`, 'y'.repeat(3000)]));
      });
      expect(server.broadcast([`all ${i}`, i % 10 === 0 ? 'x'.repeat(50_000) : ''])).toEqual({ sent: 3, skipped: 0 });
      if (i % 50 === 0) await setImmediate();
    }
    await Promise.all([...sent, ...served.map((pipe) => pipe.close())]);
    for (const [n, client] of clients.entries()) {
      const expected: string[] = [];
      for (let i = 0; i < 300; i++) {
        if (i % (n + 2) === 0) expected.push(`own ${n} ${i}`, `many ${n} ${i}`, 'y'.repeat(3000));
        expected.push(`all ${i}`, i % 10 === 0 ? 'x'.repeat(50_000) : '');
      }
      expect(await readAll(client)).toEqual(expected);
    }
  });

  it.each([
    ['lengthPrefix', framing.lengthPrefix()],
    ['lines', framing.lines()],
    ['contentLength', framing.contentLength()],
    ['message', framing.message()],
  ])('has each frame arrive as it is, large and small: %s', async (_, kind) => {
    const { server, clients } = await audience(3, { framing: kind });
    const frames = [0, 1, 100, 20_000, 32_764, 40_000, 70_000].map((length, i) => {
      return pattern(length, i).map((byte) => (byte === 10 || byte === 13 ? 0 : byte)) as Buffer;
    });
    const received = clients.map(async (client) => {
      const got: Buffer[] = [];
      for await (const frame of client) if (got.push(frame) === 2 * frames.length) break;
      return got;
    });
    expect(server.broadcast(frames)).toEqual({ sent: 3, skipped: 0 });
    await pause(1);
    for (const frame of frames) expect(server.broadcast([frame]).sent).toBe(3);
    for (const got of await Promise.all(received)) expect(got.map(digest)).toEqual([...frames, ...frames].map(digest));
  });

  it('encodes once: JSON, and what encode() of framing.custom() makes', async () => {
    const json = await audience(5, { framing: framing.lengthPrefix({ as: 'json' }) });
    let made = 0;
    json.server.broadcast([{ toJSON: () => ++made }]);
    for (const client of json.clients) expect(await client.read()).toBe(1);

    let encoded = 0;
    const memory = Buffer.alloc(2);
    const own = framing.custom({
      decoder: () => (_, start) => start + 2,
      parse: (frame) => frame.readUInt16BE(),
      encode: (value: number) => memory.fill(value + encoded++), // the same memory again and again
    });
    const custom = await audience(5, { framing: own });
    custom.server.broadcast([1, 1]);
    for (const client of custom.clients) for (const value of [0x0101, 0x0202]) expect(await client.read()).toBe(value);
    expect(encoded).toBe(2);
  });

  it('copies what it is given', async () => {
    const { server, clients } = await audience(2);
    const frame = Buffer.alloc(100_000, 1);
    server.broadcast([frame]);
    frame.fill(2);
    for (const client of clients) expect(digest(await client.read())).toBe(digest(Buffer.alloc(100_000, 1)));
  });

  it('counts as what send sends: queued, stats, waitForDrain, and whoever waits in send', async () => {
    const { server, clients, served } = await audience(1, { highWaterMark: MARK });
    const [client, pipe] = [clients[0]!, served[0]!];
    await fillUp(server, Buffer.alloc(10_000));
    expect(pipe.queued).toBeGreaterThan(MARK);
    const { framesSent, bytesSent, queued } = pipe.stats();
    expect(bytesSent + queued).toBe(framesSent * 10_004);
    let accepted = false;
    const sending = pipe.send(Buffer.from('last')).then(() => {
      accepted = true;
    });
    await pause(20);
    expect(accepted).toBe(false);
    const drained = pipe.waitForDrain();
    for (let i = 0; i < framesSent; i++) expect((await client.read())!.length).toBe(10_000);
    expect(String(await client.read())).toBe('last');
    await Promise.all([sending, drained]);
    expect(pipe.queued).toBe(0);
  });

  it('after the server is closed goes to connections that live on', async () => {
    const { server, clients } = await audience(2, text);
    await server.close();
    expect(server.broadcast(['still here'])).toEqual({ sent: 2, skipped: 0 });
    expect(await clients[1]!.read()).toBe('still here');
  });

  it('to nobody is none, and no frames are nothing', async () => {
    const server = await serverFor(uniqueName(), text);
    expect(server.broadcast(['x'])).toEqual({ sent: 0, skipped: 0 });
    expect(() => server.broadcast([5 as never])).toThrow(expect.objectContaining({ code: 'ERR_INVALID_ARG_TYPE' }));
    const client = await clientFor(server.path, text);
    await next(server);
    expect(server.broadcast([])).toEqual({ sent: 1, skipped: 0 });
    server.broadcast(['next']);
    expect(await client.read()).toBe('next');
  });
});

describe('to', () => {
  it('is whoever is given, each once', async () => {
    const { server, clients, served } = await audience(3, text);
    const [a, b] = served as [PipeConnection<string>, PipeConnection<string>];
    expect(server.broadcast(['for two'], { to: new Set([a, b]) })).toEqual({ sent: 2, skipped: 0 });
    expect(server.broadcast(['for one'], { to: [b, b, b] })).toEqual({ sent: 1, skipped: 0 });
    expect(server.broadcast(['for nobody'], { to: [] })).toEqual({ sent: 0, skipped: 0 });
    server.broadcast(['for all']);
    expect(await clients[0]!.read()).toBe('for two');
    expect(await clients[0]!.read()).toBe('for all');
    for (const frame of ['for two', 'for one', 'for all']) expect(await clients[1]!.read()).toBe(frame);
    expect(await clients[2]!.read()).toBe('for all');
  });

  it('may have connections that have ended, are ending or send no more: they count in neither', async () => {
    const { server, clients, served } = await audience(5, text);
    const [closed, destroyed, left, ended, open] = served as [PipeConnection<string>, ...PipeConnection<string>[]];
    closed.close();
    destroyed!.destroy();
    await Promise.all([closed.closed, destroyed!.closed]);
    clients[2]!.destroy();
    await left!.closed;
    await ended!.end();
    expect(server.broadcast(['x'], { to: served })).toEqual({ sent: 1, skipped: 0 });
    open!.close();
    expect(server.broadcast(['x'], { to: served, behind: 'close' })).toEqual({ sent: 0, skipped: 0 });
    await Promise.all([left!.closed, open!.closed]);
    expect(await readAll(clients[4]!)).toEqual(['x']);
  });

  it.each([
    ['a number', 5],
    ['null', null],
    ['a connection, not in an array', 'self'],
    ['an array with something else', [5]],
    ['an array with nothing', [undefined]],
    ["a client's end", 'client'],
    ["another server's connection", 'other'],
    ['a proxy of a connection', 'proxy'],
  ])('is refused when it is %s, and nobody gets anything', async (_, to) => {
    const { server, client, served } = await pair(text);
    const other = await pair(text);
    const given = { self: served, client: [client], other: [served, other.served], proxy: [new Proxy(served, {})] };
    const options = { to: (typeof to === 'string' ? given[to as keyof typeof given] : to) as never };
    expect(() => server.broadcast(['lost'], options)).toThrow(
      expect.objectContaining({ code: 'EINVAL', message: expect.stringContaining('to') }),
    );
    server.broadcast(['next']);
    other.server.broadcast(['next']);
    expect(await client.read()).toBe('next');
    expect(await other.client.read()).toBe('next');
  });
});

describe('somebody who is behind', () => {
  it('is skipped, holds no more than the mark and one broadcast, and disturbs nobody', async () => {
    const { server, clients, served } = await audience(3, { highWaterMark: MARK });
    const [slow, quick] = [served[0]!, clients.slice(1)];
    const received = quick.map(async (client) => {
      let frames = 0;
      for await (const frame of client)
        if (frame.length === 0) return frames;
        else frames++;
      return frames;
    });
    const frame = Buffer.alloc(50_000, 7);
    let [sent, skipped] = [0, 0];
    while (skipped < 20) {
      const result = server.broadcast([frame]);
      expect(result.sent + result.skipped).toBe(3);
      expect(slow.queued).toBeLessThanOrEqual(MARK + frame.length + 4);
      sent += result.sent === 3 ? 1 : 0;
      skipped += result.skipped;
      for (const pipe of served.slice(1)) await until(() => pipe.queued === 0, 'the quick ones have it all');
    }
    expect(slow.state).toBe('open');
    server.broadcast([Buffer.alloc(0)], { to: served.slice(1) });
    expect(await Promise.all(received)).toEqual([sent + skipped, sent + skipped]);
    // Once it reads, it gets what it was not skipped for, whole and in order, and is sent to again.
    for (let i = 0; i < sent; i++) expect(digest(await clients[0]!.read())).toBe(digest(frame));
    await until(() => slow.queued === 0, 'it has read');
    expect(server.broadcast([Buffer.from('again')], { to: [slow] })).toEqual({ sent: 1, skipped: 0 });
    expect(String(await clients[0]!.read())).toBe('again');
  });

  it('is not he for whom much was sent in this turn, which the system takes', async () => {
    const { server, clients } = await audience(2, { highWaterMark: 1000 });
    const received = clients.map((client) => client.read());
    for (let i = 0; i < 5; i++) expect(server.broadcast([Buffer.alloc(2000)])).toEqual({ sent: 2, skipped: 0 });
    await Promise.all(received);
  });

  it("is ended with behind: 'close', and its `closed` says why", async () => {
    const { server, clients, served } = await audience(2, { highWaterMark: MARK });
    const slow = served[0]!;
    await fillUp(server, Buffer.alloc(30_000), [slow]);
    const frame = Buffer.from('for who keeps up');
    expect(server.broadcast([frame], { behind: 'close' })).toEqual({ sent: 1, skipped: 1 });
    const why = { code: 'ERR_PIPE_BEHIND', syscall: 'write', path: server.path };
    await expect(slow.closed).rejects.toMatchObject(why);
    await expect(slow.closed).rejects.toThrow(/bytes wait for it, more than highWaterMark \(65536\)\..*'skip'/);
    await expect(slow.read()).rejects.toMatchObject({ code: 'ERR_PIPE_BEHIND' });
    await expect(slow.send(frame)).rejects.toMatchObject({ code: 'EPIPE', cause: expect.objectContaining(why) });
    expect(server.broadcast([frame], { to: served, behind: 'close' })).toEqual({ sent: 1, skipped: 0 });
    expect(await clients[1]!.read()).toEqual(frame);
  });

  it('fails its handler, and nobody else', async () => {
    const server = await serverFor(uniqueName(), { highWaterMark: MARK });
    const failed: unknown[] = [];
    server.serve(
      async (pipe) => {
        for await (const _ of pipe);
      },
      { onError: (error) => failed.push(error) },
    );
    await clientFor(server.path);
    await until(() => server.connections === 1, 'it is there');
    await fillUp(server, Buffer.alloc(30_000));
    server.broadcast([Buffer.from('x')], { behind: 'close' });
    await until(() => failed.length === 1, 'the handler has failed');
    expect(failed[0]).toMatchObject({ code: 'ERR_PIPE_BEHIND' });
  });

  it('is ended by writeTimeout as if it had been sent to', async () => {
    const { server, served } = await audience(1, { highWaterMark: MARK, writeTimeout: 50 });
    await fillUp(server, Buffer.alloc(30_000)).catch(() => {});
    await expect(served[0]!.closed).rejects.toMatchObject({ code: 'ETIMEDOUT', option: 'writeTimeout' });
  });
});

describe('a broadcast is refused, and nobody gets anything of it', () => {
  it.each([
    ['a frame that is too long', () => [Buffer.from('good'), Buffer.alloc(101)], 'ERR_FRAME_TOO_LARGE'],
    ['no frame', () => [Buffer.from('good'), 'text'], 'ERR_INVALID_ARG_TYPE'],
    ['a Buffer, not in an array', () => Buffer.from('one'), 'EINVAL'],
    ['a string', () => 'one', 'EINVAL'],
    ['a DataView', () => new DataView(new ArrayBuffer(4)), 'EINVAL'],
    ['a number', () => 5, 'EINVAL'],
    ['nothing', () => undefined, 'EINVAL'],
    ['bytes that are gone', () => [Buffer.from('good'), detached()], 'EINVAL'],
  ])('%s', async (_, frames, code) => {
    const { server, clients, served } = await audience(2, { framing: framing.lengthPrefix({ maxFrameLength: 100 }) });
    expect(() => server.broadcast(frames() as never)).toThrow(expect.objectContaining({ name: 'PipeError', code }));
    expect(served.map((pipe) => [pipe.queued, pipe.stats().framesSent])).toEqual([
      [0, 0],
      [0, 0],
    ]);
    server.broadcast([Buffer.from('next')]);
    for (const client of clients) expect(String(await client.read())).toBe('next');
  });

  it('with the cure, for a single frame; as sendMany says it', async () => {
    const { server, served } = await pair(text);
    const cure = /^frames must be an iterable of frames, not a single one: put it in an array, \[frame\]$/;
    expect(() => server.broadcast('text')).toThrow(cure);
    await expect(served.sendMany('text')).rejects.toThrow(cure);
    await expect(served.sendMany(Buffer.from('text') as never)).rejects.toThrow(cure);
  });

  it('by what the frames or `to` throw, which comes out as it is', async () => {
    const { server, client, served } = await pair(text);
    const own = new Error('own');
    const throwing = function* <V>(first: V) {
      yield first;
      throw own;
    };
    expect(() => server.broadcast(throwing('x'))).toThrow(own);
    expect(() => server.broadcast(['x'], { to: throwing(served) })).toThrow(own);
    server.broadcast(['next']);
    expect(await client.read()).toBe('next');
  });

  it('by options that are none', async () => {
    const { server } = await pair(text);
    const refused = (options: unknown, message: RegExp) =>
      expect(() => server.broadcast(['x'], options as never)).toThrow(
        expect.objectContaining({ code: 'EINVAL', message: expect.stringMatching(message) }),
      );
    refused(null, /options/);
    refused({ behind: 'drop' }, /behind must be 'skip' or 'close', not "drop"/);
    refused({ clients: [] }, /broadcast has no option "clients"/);
    refused({ behnid: 'skip' }, /did you mean "behind"/);
  });

  it('by a server that only receives', async () => {
    const server = await serverFor(uniqueName(), { direction: 'in' });
    expect(() => server.broadcast([])).toThrow(
      expect.objectContaining({ code: 'EPIPE', message: expect.stringContaining("its direction is 'in'") }),
    );
  });

  if (!isWindows)
    it('by the system, as a message that no socket takes', async () => {
      const { server, clients, served } = await audience(2, { framing: framing.message({ maxFrameLength: 2 ** 28 }) });
      expect(() => server.broadcast([Buffer.from('good'), Buffer.alloc(2 ** 27)])).toThrow(
        expect.objectContaining({ code: 'EMSGSIZE' }),
      );
      expect(served.map((pipe) => pipe.queued)).toEqual([0, 0]);
      server.broadcast([Buffer.from('next')]);
      for (const client of clients) expect(String(await client.read())).toBe('next');
    });
});

it('may end, send and broadcast from within what it iterates', async () => {
  const { server, clients, served } = await audience(3, text);
  const frames = function* () {
    yield 'one';
    served[0]!.destroy();
    served[1]!.send('before');
    server.broadcast(['first'], { to: [served[2]!] });
    yield 'two';
  };
  expect(server.broadcast(frames())).toEqual({ sent: 2, skipped: 0 });
  for (const frame of ['before', 'one', 'two']) expect(await clients[1]!.read()).toBe(frame);
  for (const frame of ['first', 'one', 'two']) expect(await clients[2]!.read()).toBe(frame);
});

it('to clients that come and go at any moment loses and mixes nothing', async () => {
  await using server = await listen(uniqueName(), { highWaterMark: MARK, ...text });
  const serving = server.serve(
    async (pipe) => {
      for await (const _ of pipe);
    },
    { onError() {} },
  );
  let stop = false;
  const visit = async (n: number) => {
    for (let round = 0; round < 5; round++) {
      const client = await connect(server.path, text);
      let last = -1;
      for (let i = 0; i < 1 + 7 * n; i++) {
        const frame = await client.read();
        const number = Number(frame!.slice(0, 8));
        expect(frame).toBe(String(number).padEnd(number % 100 === 0 ? 60_000 : 8));
        if (last >= 0) expect(number).toBe(last + 1);
        last = number;
      }
      if ((n + round) % 2) client.destroy();
      else await client.close();
    }
  };
  const visits = Promise.all(Array.from({ length: 8 }, (_, n) => visit(n))).finally(() => {
    stop = true;
  });
  for (let i = 0; !stop; i++) {
    server.broadcast([String(i).padEnd(i % 100 === 0 ? 60_000 : 8)]);
    if (i % 10 === 0) await setImmediate();
    while (server.clients.some((pipe) => pipe.queued > MARK / 2) && !stop) await pause(1); // nobody is to miss any
  }
  await visits;
  await server.close({ connections: true, timeout: 200 }).catch(() => {});
  await serving;
}, 60_000);

function detached(): Uint8Array {
  const array = new Uint8Array(8);
  structuredClone(array.buffer, { transfer: [array.buffer] });
  return array;
}
