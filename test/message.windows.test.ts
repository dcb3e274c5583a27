// Message mode with peers that are not framepipe: as .NET (PipeTransmissionMode.Message) and go-winio (MessageMode) do it.
import { describe, expect, it } from 'vitest';
import { framing } from '../lib/index.ts';
import { pipePath } from '../lib/name.ts';
import { clientFor, next, pattern, serverFor, uniqueName } from './support/pipes.ts';
import { errorOf, ForeignClient, ForeignServer, win } from './support/witness.ts';

const message = { framing: framing.message() } as const;
const ERROR_BAD_PIPE = 230;
const ERROR_INVALID_PARAMETER = 87;
const ERROR_MORE_DATA = 234;
const NO_BYTES = Buffer.alloc(0);
const messageMode = { readMode: win.PIPE_READMODE_MESSAGE };
const messagePipe = { pipeMode: win.PIPE_TYPE_MESSAGE + win.PIPE_READMODE_MESSAGE };

describe('a message client of another program', () => {
  it('is understood, message by message', async () => {
    const server = await serverFor(uniqueName(), message);
    const client = new ForeignClient(server.path, messageMode);
    const served = await next(server);
    for (const size of [1, 100, 0, 65_536, 5]) expect(client.write(pattern(size, size))).toBe(size);
    for (const size of [1, 100, 0, 65_536, 5]) expect((await served.read())!.equals(pattern(size, size))).toBe(true);
    for (const text of ['one', '', 'three']) await served.send(Buffer.from(text));
    for (const text of ['one', '', 'three']) expect(await client.read()).toEqual(Buffer.from(text));
  });

  it('reads a long message in parts, as ERROR_MORE_DATA tells it', async () => {
    const server = await serverFor(uniqueName(), message);
    const client = new ForeignClient(server.path, messageMode);
    const served = await next(server);
    await served.sendMany([pattern(10), pattern(3, 7)]);
    expect(await client.read(4)).toBe(ERROR_MORE_DATA);
    expect(await client.read(100)).toEqual(pattern(10).subarray(4));
    expect(await client.read(100)).toEqual(pattern(3, 7));
  });

  it('that reads bytes gets the bytes', async () => {
    const server = await serverFor(uniqueName(), message);
    const client = new ForeignClient(server.path);
    await (await next(server)).send(Buffer.from('plain bytes'));
    expect(await client.read(5)).toEqual(Buffer.from('plain'));
    expect(await client.read()).toEqual(Buffer.from(' bytes'));
  });

  it('that says by an empty message that it sends no more still gets its answer', async () => {
    const server = await serverFor(uniqueName(), message);
    const client = new ForeignClient(server.path, messageMode);
    const served = await next(server);
    client.write('question');
    client.write(NO_BYTES); // go-winio's CloseWrite
    expect(String(await served.read())).toBe('question');
    expect(await served.read()).toEqual(NO_BYTES);
    await served.send(Buffer.from('answer'));
    expect(await client.read()).toEqual(Buffer.from('answer'));
    client.close();
    expect(await served.read()).toBeNull();
    await served.closed;
  });

  it('that goes in mid-talk ends the iteration in good order', async () => {
    const server = await serverFor(uniqueName(), message);
    const client = new ForeignClient(server.path, messageMode);
    const served = await next(server);
    client.write('last');
    client.close();
    expect(String(await served.read())).toBe('last');
    expect(await served.read()).toBeNull();
    await served.closed;
  });
});

describe('a message server of another program', () => {
  it('is talked to, message by message', async () => {
    const server = new ForeignServer(pipePath(uniqueName()), messagePipe);
    const client = await clientFor(server.path, message);
    for (const size of [3, 0, 70_000]) server.write(pattern(size, size)); // its buffer is smaller
    for (const size of [3, 0, 70_000]) expect((await client.read())!.equals(pattern(size, size))).toBe(true);
    await client.sendMany([Buffer.from('a'), NO_BYTES, Buffer.from('b')]);
    for (const text of ['a', '', 'b']) expect(await server.read()).toEqual(Buffer.from(text));
  });

  it('is told by an empty message that no more is sent, and may still answer', async () => {
    const server = new ForeignServer(pipePath(uniqueName()), messagePipe);
    const client = await clientFor(server.path, message);
    await client.send(Buffer.from('question'));
    await client.send(NO_BYTES);
    expect(await server.read()).toEqual(Buffer.from('question'));
    expect(await server.read()).toEqual(NO_BYTES); // what go-winio takes for the end
    server.write('answer');
    expect(String(await client.read())).toBe('answer');
  });
});

describe('a pipe of bytes', () => {
  it('is no end when somebody writes nothing', async () => {
    const server = await serverFor(uniqueName(), { framing: framing.lengthPrefix({ as: 'utf8' }) });
    const client = new ForeignClient(server.path);
    const served = await next(server);
    client.write(NO_BYTES);
    client.write('\x02\0');
    client.write(NO_BYTES);
    client.write('\0\0hi');
    expect(await served.read()).toBe('hi');
    client.close();
    expect(await served.read()).toBeNull();
  });

  it('merges what is written, and cannot be read as messages', async () => {
    const server = await serverFor(uniqueName(), { framing: framing.raw() });
    expect([ERROR_INVALID_PARAMETER, ERROR_BAD_PIPE]).toContain(
      errorOf(() => new ForeignClient(server.path, messageMode)),
    );
    await next(server);
    const client = new ForeignClient(server.path);
    const served = await next(server);
    await served.sendMany([Buffer.from('one'), Buffer.from('two')]);
    expect(await client.read()).toEqual(Buffer.from('onetwo'));
  });
});
