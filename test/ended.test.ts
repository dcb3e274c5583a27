// How a connection tells of its end: state, ended, signal, end().
import { describe, expect, it } from 'vitest';
import { framing, PipeError } from '../lib/index.ts';
import { clientFor, next, pair, readAll, until } from './support/pipes.ts';
import { isWindows } from './support/system.ts';

describe('state', () => {
  it('is open, closing while what was sent goes out, and closed', async () => {
    const { client, served } = await pair({ highWaterMark: 1 << 16 });
    expect([client.state, served.state]).toEqual(['open', 'open']);
    for (let i = 0; i < 64; i++) void client.send(Buffer.alloc(64_000)); // more than fits anywhere
    const closing = client.close();
    expect(client.state).toBe('closing');
    await readAll(served);
    await closing;
    expect(client.state).toBe('closed');
    await served.closed;
    expect(served.state).toBe('closed');
  });

  it('is closing after destroy, until the handle is released', async () => {
    const { client } = await pair();
    client.destroy();
    expect(client.state).toBe('closing');
    await client.closed;
    expect(client.state).toBe('closed');
  });
});

describe('ended', () => {
  const json = { framing: framing.lines({ as: 'json' }) } as const;

  it('tells the end from a null that was sent', async () => {
    const { client, served } = await pair<unknown>(json);
    await client.sendMany([null, null]);
    expect([await served.read(), served.ended]).toEqual([null, false]);
    await client.close();
    await served.closed;
    expect(served.ended).toBe(false); // the second one can still be read
    expect([await served.read(), served.ended]).toEqual([null, true]);
    expect([await served.read(), served.ended]).toEqual([null, true]);
  });

  it('is true after this side’s close, and after an end in disorder', async () => {
    const { server, client } = await pair<unknown>(json);
    client.destroy();
    expect(client.ended).toBe(true);
    const raw = await clientFor(server.path, { framing: framing.raw() });
    const served = await next(server);
    await raw.send(Buffer.from('{"cut":'));
    await raw.close();
    await expect(served.read()).rejects.toMatchObject({ code: 'ERR_FRAME_TRUNCATED' });
    expect(served.ended).toBe(true);
  });
});

describe('signal', () => {
  it('aborts when the peer has gone, with EPIPE as its reason, after the last frames could be read', async () => {
    const { client, served } = await pair();
    const { signal } = served;
    expect(served.signal).toBe(signal);
    expect(signal.aborted).toBe(false);
    await client.send(Buffer.from('last'));
    await client.close();
    await served.closed;
    expect(signal.aborted).toBe(true);
    expect(signal.reason).toBeInstanceOf(PipeError);
    expect(signal.reason).toMatchObject({ code: 'EPIPE', message: `EPIPE ${served.path}: the peer has left` });
    expect(String(await served.read())).toBe('last');
  });

  it('aborts with the error that ended the connection', async () => {
    const { client } = await pair();
    const { signal } = client;
    const mine = new Error('mine');
    client.destroy(mine);
    await client.closed.catch(() => {});
    expect(signal.reason).toBe(mine);
  });

  it('has aborted already when it is asked for after the end', async () => {
    const { client } = await pair();
    await client.close();
    expect(client.signal.aborted).toBe(true);
    expect(client.signal.reason.message).toContain('this side closed the connection');
    expect(client.signal).toBe(client.signal);
  });

  it('hears nothing of a peer that merely sends no more', async () => {
    const { client, served } = await pair();
    const { signal } = served;
    if (await client.end()) expect(await served.read()).toBeNull();
    await served.send(Buffer.from('still here'));
    expect(String(await client.read())).toBe('still here');
    expect(signal.aborted).toBe(false);
  });

  it('calls listeners in a turn in which all may be asked of the connection, and may throw', async () => {
    const { server, client, served } = await pair();
    const other = await clientFor(server.path);
    const otherServed = await next(server);
    const heard = new Promise<unknown[]>((resolve) => {
      served.signal.addEventListener('abort', () => {
        otherServed.send(Buffer.from('he left'));
        resolve([served.state, served.ended, served.queued]);
      });
    });
    client.destroy();
    expect(await heard).toEqual(['closed', true, 0]);
    expect(String(await other.read())).toBe('he left');
  });
});

describe.each([
  ['frames', framing.lengthPrefix()],
  ['messages', framing.message()],
  ['bytes', framing.raw()],
])('end() with %s', (_, kind) => {
  it('sends no more, and goes on receiving', async () => {
    const { client, served } = await pair({ framing: kind });
    void client.send(Buffer.from('question'));
    const seen = await client.end();
    expect(seen).toBe(!isWindows);
    expect(String(await served.read())).toBe('question');
    if (seen) expect([await served.read(), served.ended]).toEqual([null, true]);
    await expect(client.send(Buffer.from('more'))).rejects.toMatchObject({ code: 'EPIPE' });
    await expect(client.end()).rejects.toMatchObject({ code: 'EPIPE', message: expect.stringContaining('ended') });
    await served.send(Buffer.from('answer'));
    expect(String(await client.read())).toBe('answer');
    await served.close();
    expect(await client.read()).toBeNull();
    await client.closed;
    await expect(client.end()).rejects.toMatchObject({ code: 'EPIPE' });
  });
});

it('end() leaves those waiting who sent before it: they go on when that has gone out', async () => {
  const { client, served } = await pair({ highWaterMark: 1024 });
  const sent = Promise.all(Array.from({ length: 20 }, (_, i) => client.send(Buffer.alloc(50_000, i))));
  const ending = client.end();
  const drained = client.waitForDrain();
  for (let i = 0; i < 20; i++) expect((await served.read())!.length).toBe(50_000);
  await Promise.all([sent, ending, drained]);
  expect(client.state).toBe('open');
});

it('end() waits until all has gone out', async () => {
  const { client, served } = await pair({ highWaterMark: 1 << 16 });
  for (let i = 0; i < 64; i++) void client.send(Buffer.alloc(64_000));
  let ended = false;
  const ending = client.end().then(() => (ended = true));
  await until(() => served.available > 0, 'the first ones arrive');
  expect(ended).toBe(false);
  for (let i = 0; i < 64; i++) expect((await served.read())!.length).toBe(64_000);
  await ending;
  expect(client.queued).toBe(0);
});
