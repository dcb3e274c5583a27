// What returns a promise rejects, with a PipeError that says what was wrong; and whose rejections are nobody's mistake.
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { connect, FrameDecoder, framing, listen, type PipeError } from '../lib/index.ts';
import { pair, serverFor, uniqueName, until } from './support/pipes.ts';

const text = { framing: framing.lines({ as: 'utf8' }) };
const json = framing.lines({ as: 'json' });
const bare = Object.create(null) as never;

describe('what cannot be', () => {
  it.each([{}, 'x', null, bare, 1n, Symbol('s')])('is a rejection, never a throw: %o', async (value) => {
    const { client, served } = await pair(text);
    const name = uniqueName();
    const signal = value as never;
    for (const call of [
      () => served.read({ signal }),
      () => client.waitForDrain({ signal }),
      () => connect(name, { signal }),
      () => listen(name, { signal }),
      () => client.close({ timeout: value as never }),
    ]) {
      let promise!: Promise<unknown>;
      expect(() => (promise = call())).not.toThrow();
      await expect(promise).rejects.toMatchObject({ name: 'PipeError' });
    }
  });

  it.each([null, 5, 'text'])('options that are %j are refused', async (options) => {
    const { client, served } = await pair(text);
    const name = uniqueName();
    const wrong = options as never;
    for (const promise of [served.read(wrong), client.waitForDrain(wrong), client.close(wrong)])
      await expect(promise).rejects.toMatchObject({ code: 'EINVAL' });
    await expect(listen(name, wrong)).rejects.toMatchObject({ code: 'EINVAL' });
    await expect(connect(name, wrong)).rejects.toMatchObject({ code: 'EINVAL' });
  });
});

describe('destroy(null)', () => {
  it('is destroy(): null is no error', async () => {
    const { client } = await pair(text);
    const reading = client.read();
    const closed = client.closed;
    client.destroy(null);
    expect(await reading).toBeNull();
    await closed;
  });
});

describe('a send that nobody waits for', () => {
  const unhandled: unknown[] = [];
  const note = (reason: unknown) => unhandled.push(reason);
  beforeEach(() => {
    unhandled.length = 0;
    process.on('unhandledRejection', note);
  });
  afterEach(() => void process.off('unhandledRejection', note));
  const settled = () => new Promise((resolve) => setTimeout(resolve, 20));

  it('is no unhandled rejection when the peer leaves, or has left', async () => {
    const { client, served } = await pair({ highWaterMark: 1000 });
    const { signal } = new AbortController();
    for (let i = 0; i < 400; i++) void served.send(Buffer.alloc(2000), i % 2 === 0 ? undefined : { signal });
    void served.end();
    client.destroy();
    await served.closed.catch(() => {});
    void served.send(Buffer.from('late'));
    void served.send(Buffer.from('late'), { signal });
    void served.end();
    void served.sendMany([Buffer.from('late')]);
    await settled();
    expect(unhandled).toEqual([]);
    await expect(served.send(Buffer.from('late'))).rejects.toMatchObject({ code: 'EPIPE' });
  });

  it('is one when the caller has made a mistake', async () => {
    const { client } = await pair();
    const server = await serverFor(uniqueName(), { direction: 'in' });
    const inbound = server[Symbol.asyncIterator]().next();
    await connect(server.path, { direction: 'out' });
    void client.send('text' as never);
    void (await inbound).value!.send(Buffer.from('x'));
    await until(() => unhandled.length === 2, 'both are noticed');
    expect(unhandled).toMatchObject([{ code: 'ERR_INVALID_ARG_TYPE' }, { code: 'EPIPE' }]);
  });
});

describe('a frame that is no JSON', () => {
  it('is an error with the pipe and the position, and only that frame is lost', async () => {
    const { client, served } = await pair({ framing: json }, { framing: framing.raw() as never });
    await (client as { send(bytes: Uint8Array): Promise<void> }).send(Buffer.from('{"a":1}\nbad\n2\n'));
    expect(await served.read()).toEqual({ a: 1 });
    const error = (await served.read().catch((reason) => reason)) as PipeError;
    expect(error).toMatchObject({ code: 'ERR_FRAME_INVALID', path: served.path, position: 8, declaredLength: 3 });
    expect(error.message).toContain(served.path);
    expect(await served.read()).toBe(2);
  });

  it('has its position in a batch, too', async () => {
    const { client, served } = await pair({ framing: json }, { framing: framing.raw() as never });
    await (client as { send(bytes: Uint8Array): Promise<void> }).send(Buffer.from('1\n2\nbad\n'));
    while (served.available < 8) await new Promise((resolve) => setImmediate(resolve));
    expect(await served.read()).toBe(1);
    const { value: batch } = await served.batches().next();
    expect(batch!.at(0)).toBe(2);
    expect(() => batch!.at(1)).toThrow(expect.objectContaining({ position: 4, path: served.path }));
  });

  it('does not end a FrameDecoder', () => {
    const decoder = new FrameDecoder(json);
    const lost = expect.objectContaining({ code: 'ERR_FRAME_INVALID', position: 2 });
    expect(decoder.push(Buffer.from('1\n{x\n2\n'))).toEqual([1]);
    expect(() => decoder.push(Buffer.from('3\n'))).toThrow(lost);
    expect(decoder.push(Buffer.from('4\n'))).toEqual([2, 3, 4]);
    expect(() => decoder.push(Buffer.from('{y\n5\n'))).toThrow(expect.objectContaining({ position: 11 }));
    expect(decoder.push(new Uint8Array(0))).toEqual([5]);
    decoder.end();
  });

  it('is thrown by end() when no push came after it', () => {
    const decoder = new FrameDecoder(json);
    expect(decoder.push(Buffer.from('1\n{x\n2\n'))).toEqual([1]);
    expect(() => decoder.end()).toThrow(expect.objectContaining({ code: 'ERR_FRAME_INVALID' }));
    expect(decoder.push(new Uint8Array(0))).toEqual([2]);
    decoder.end();
  });
});
