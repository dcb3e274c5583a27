// What is given may be anything: its properties may lie, throw, or be somebody's code; its memory may be gone.
import { describe, expect, it } from 'vitest';
import { connect, encodeFrame, FrameDecoder, framing, listen, PipeError } from '../lib/index.ts';
import { type Pair, pair, uniqueName } from './support/pipes.ts';

const bytes = (text: string) => Buffer.from(text);

// Node 20 has them; TypeScript's es2023 does not know them.
type Resizable = ArrayBuffer & { resize(length: number): void };
const Resizable = ArrayBuffer as unknown as new (length: number, options: { maxByteLength: number }) => Resizable;

/** A view of memory that has been cut away. */
function outOfBounds(): Uint8Array {
  const buffer = new Resizable(8, { maxByteLength: 8 });
  const view = new Uint8Array(buffer, 4, 4);
  buffer.resize(2);
  return view;
}

const gone = { code: 'EINVAL', message: expect.stringContaining('gone') };

describe('bytes that were cut away by resize()', () => {
  it.each([
    ['a framing whose small frames are gathered', framing.lengthPrefix()],
    ['a framing that looks at each frame', framing.lines()],
  ])('are refused, with all that they were sent with: %s', async (_, kind) => {
    const { client, served } = await pair({ framing: kind });
    await expect(client.send(outOfBounds())).rejects.toMatchObject(gone);
    const many = Array.from({ length: 3000 }, () => bytes('with it'));
    await expect(client.sendMany([...many, outOfBounds()])).rejects.toMatchObject(gone);
    await expect(client.sendMany([Buffer.alloc(5000), outOfBounds()])).rejects.toMatchObject(gone);
    await expect(client.sendMany(new Set([outOfBounds()]))).rejects.toMatchObject(gone);
    await client.send(bytes('next'));
    expect(String(await served.read())).toBe('next');
  });

  it('are refused by the codec', () => {
    expect(() => encodeFrame(framing.lengthPrefix(), outOfBounds())).toThrow(expect.objectContaining(gone));
    expect(() => new FrameDecoder(framing.lengthPrefix()).push(outOfBounds())).toThrow(expect.objectContaining(gone));
  });
});

describe('one buffer that is given again and again', () => {
  class Generating extends Array<Buffer> {
    override *[Symbol.iterator](): ArrayIterator<Buffer> {
      const scratch = Buffer.alloc(4);
      for (let i = 0; i < 3; i++) yield scratch.fill(i);
    }
  }
  const filling = () => {
    const scratch = Buffer.alloc(4);
    return new Proxy([scratch, scratch, scratch], {
      get: (target, key) => (/^\d$/.test(String(key)) ? scratch.fill(Number(key)) : Reflect.get(target, key)),
    });
  };

  it.each([
    ['a kind of array with an iterator of its own', () => new Generating()],
    ['a proxy of an array', filling],
  ])('is copied each time: %s', async (_, frames) => {
    const { client, served } = await pair();
    await client.sendMany(frames());
    for (let i = 0; i < 3; i++) expect(await served.read()).toEqual(Buffer.alloc(4, i));
  });
});

describe('a length that lies', () => {
  const lying = (text: string, length: number) => Object.defineProperty(bytes(text), 'length', { value: length });

  it('puts no memory of this process into a frame of Discord’s', () => {
    const frame = encodeFrame(framing.discord({ as: 'buffer' }), { opcode: 1, data: lying('hi', 200) });
    expect(frame).toEqual(encodeFrame(framing.discord({ as: 'buffer' }), { opcode: 1, data: bytes('hi') }));
  });

  it('hides no bytes from a decoder', () => {
    const decoder = new FrameDecoder(framing.lines({ as: 'utf8' }));
    expect(decoder.push(lying('one\n', 0))).toEqual(['one']);
  });

  it('does not count when the bytes are gone', () => {
    const frame = { opcode: 1, data: outOfBounds() as Buffer };
    expect(() => encodeFrame(framing.discord({ as: 'buffer' }), frame)).toThrow(expect.objectContaining(gone));
  });
});

it('an object that throws when it is looked at is refused like any other', async () => {
  const { client } = await pair();
  const { proxy, revoke } = Proxy.revocable({}, {});
  revoke();
  const throwing = {
    get constructor() {
      throw new Error('own');
    },
  };
  for (const value of [proxy, throwing, { constructor: { name: Symbol('s') } }, Object.create(null)])
    await expect(client.send(value)).rejects.toMatchObject({ code: 'ERR_INVALID_ARG_TYPE' });
});

describe('options that are none', () => {
  const without = Object.create(null);

  it('reject, and never throw', async () => {
    const { client, server, name } = await pair();
    for (const call of [
      () => client.read(null as never),
      () => client.read({ signal: 5 as never }),
      () => client.read({ signal: without }),
      () => client.waitForDrain(null as never),
      () => client.waitForDrain({ signal: {} as never }),
      () => client.close(null as never),
      () => server.close(null as never),
      () => server.close({ connections: 'no' as never }),
      () => server.close({ connections: true, timeout: 'x' as never }),
      () => server.setAccess(without),
      () => listen(uniqueName(), null as never),
      () => listen(uniqueName(), { highWaterMark: without }),
      () => connect(name, null as never),
      () => connect(name, { timeout: without }),
    ]) {
      const promise: Promise<unknown> = call();
      const error = await promise.then(String, (error: unknown) => error);
      expect(error, String(call)).toBeInstanceOf(PipeError);
      expect((error as PipeError).code, String(call)).toBe('EINVAL');
    }
  });
});

describe('whatever is given in place of an argument', () => {
  const things: unknown[] = [
    undefined,
    null,
    5,
    -1,
    NaN,
    'x',
    '',
    true,
    Symbol('s'),
    1n,
    () => {},
    [],
    [5],
    {},
    new Date(),
  ];
  things.push(Object.create(null), new Error('e'), AbortSignal.abort('r'), Promise.resolve(), { signal: 5 }, framing);
  type Call = (thing: never, both: Pair<Buffer>) => unknown;
  const calls: Call[] = [
    (thing) => listen(thing),
    (thing) => listen(uniqueName(), thing),
    (thing) => connect(thing, { timeout: 1 }),
    (thing, { name }) => connect(name, thing),
    (thing, { client }) => client.send(thing),
    (thing, { client }) => client.sendMany(thing),
    (thing, { client }) => client.sendMany([thing]),
    (thing, { client }) => client.batches(thing),
    (thing, { client }) => client.batches({ reuse: thing }),
    (thing, { server }) => server.broadcast(thing),
    (thing, { server }) => server.broadcast([thing]),
    (thing, { server }) => server.broadcast([], thing),
    (thing, { server }) => server.broadcast([], { to: thing }),
    (thing, { server }) => server.broadcast([], { to: [thing] }),
    (thing, { server }) => server.broadcast([], { behind: thing }),
    (thing, { client }) => client.waitForDrain(thing),
    (thing, { client }) => client.toDuplex(thing),
    (thing, { served }) => served.runAsClient(thing),
    (thing, { server }) => server.setAccess(thing),
    (thing) => encodeFrame(thing, Buffer.from('x')),
    (thing) => encodeFrame(thing, 5 as never),
    (thing) => encodeFrame(framing.lines({ as: 'json' }), thing),
    (thing) => encodeFrame(framing.lines({ as: 'utf8' }), thing),
    (thing) => encodeFrame(framing.discord(), thing),
    (thing) => encodeFrame(framing.discord(), { opcode: thing, data: 5 }),
    (thing) => new FrameDecoder(thing),
    (thing) => new FrameDecoder(framing.lines()).push(thing),
    (thing) => framing.delimited(thing),
    (thing) => framing.delimited('x', thing),
    (thing, { client }) => client.close(thing),
    (thing, { server }) => server.close(thing),
    ...(['framing', 'direction', 'highWaterMark', 'access', 'allowRemote', 'exclusive', 'signal'] as const).map(
      (option): Call =>
        (thing) =>
          listen(uniqueName(), { [option]: thing }),
    ),
    ...(['maxInstances', 'pendingInstances', 'bufferSize'] as const).map(
      (option): Call =>
        (thing) =>
          listen(uniqueName(), { [option]: thing }),
    ),
    ...(
      ['framing', 'direction', 'host', 'timeout', 'waitForServer', 'impersonation', 'serverOwner', 'signal'] as const
    ).map(
      (option): Call =>
        (thing, { name }) =>
          connect(name, { timeout: 1, [option]: thing }),
    ),
    ...(['bytes', 'endian', 'offset', 'adjustment', 'keepHeader', 'maxFrameLength', 'as'] as const).map(
      (option): Call =>
        (thing) =>
          framing.lengthPrefix({ [option]: thing }),
    ),
  ];

  it.each(calls.map((call) => [String(call).replace(/\s+/g, ' '), call] as const))('%s', async (_, call) => {
    for (const thing of things) {
      const both = await pair({ framing: framing.raw() });
      const made = Promise.resolve().then(() => call(thing as never, both));
      const [{ status, ...settled }] = await Promise.allSettled([made]);
      if (status === 'fulfilled') await close((settled as { value: unknown }).value);
      else if (!(thing instanceof AbortSignal))
        expect((settled as { reason: unknown }).reason).toBeInstanceOf(PipeError);
    }
  });

  /** Servers and connections that came of it after all. */
  const close = (made: unknown) => (made as { close?(): Promise<void> } | undefined)?.close?.();
});

describe('a signal whose functions are the user’s', () => {
  const text = { framing: framing.lines({ as: 'utf8' }) };

  it('loses no frame, and none of others, when they throw', async () => {
    const { client, served } = await pair(text);
    const { signal } = new AbortController();
    const broken = () => {
      throw new Error('own');
    };
    const reading = served.read({ signal: Object.assign(signal, { removeEventListener: broken }) });
    const next = served.read();
    await client.sendMany(['one', 'two']);
    expect(await reading).toBe('one');
    expect(await next).toBe('two');
    const again = served.read({ signal: Object.assign(signal, { addEventListener: broken }) }).catch(() => 'refused');
    await client.sendMany(['three', 'four']);
    expect([await again, await served.read()]).toEqual(['three', 'four']);
  });
});

it('a process.nextTick that is replaced, as by fake timers, does not stop what is sent', async () => {
  const { client, served } = await pair({ framing: framing.lines({ as: 'utf8' }) });
  const { nextTick } = process;
  const turn = () => new Promise((resolve) => setImmediate(resolve));
  const got: unknown[] = [];
  try {
    process.nextTick = () => {};
    for (const text of ['one', 'two', 'three']) {
      await turn();
      client.send(text);
      const nothing = new Promise((resolve) => setTimeout(resolve, 5000, 'nothing'));
      got.push(await Promise.race([served.read(), nothing]));
    }
  } finally {
    process.nextTick = nextTick;
  }
  expect(got).toEqual(['one', 'two', 'three']);
});
