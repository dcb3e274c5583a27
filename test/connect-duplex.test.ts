// connectDuplex: a stream that connects by itself, with the manners of net.connect().
import { execFile } from 'node:child_process';
import { once } from 'node:events';
import net from 'node:net';
import { text } from 'node:stream/consumers';
import { promisify } from 'node:util';
import { describe, expect, it, onTestFinished } from 'vitest';
import { connectDuplex, framing, type PipeDuplex } from '../lib/index.ts';
import { pipePath } from '../lib/name.ts';
import { next, readAll, serverFor, uniqueName, until } from './support/pipes.ts';
import { root } from './support/programs.ts';

const raw = { framing: framing.raw() };
type Options = Parameters<typeof connectDuplex>[1];

function streamTo(name: string, options?: Options): PipeDuplex {
  const stream = connectDuplex(name, options);
  onTestFinished(() => void stream.on('error', () => {}).destroy());
  return stream;
}

/** The events of its life, and what it says of itself with each. */
function story(stream: PipeDuplex | net.Socket): string[] {
  const events: string[] = [];
  for (const event of ['connect', 'ready', 'end', 'finish', 'error', 'close']) {
    stream.on(event, (value) => {
      const said = event === 'close' ? ` ${value}` : event === 'error' ? ` ${value.code}` : '';
      events.push(`${event}${said} ${stream.readyState} ${stream.connecting} ${stream.pending}`);
    });
  }
  return events;
}

async function closed(stream: PipeDuplex | net.Socket): Promise<void> {
  if (!stream.closed) await once(stream, 'close');
}

describe('a stream that connects', () => {
  it('says so, as a socket does', async () => {
    const stories: string[][] = [];
    for (const over of ['net', 'pipe']) {
      const server = await serverFor(uniqueName(), raw);
      const stream = over === 'net' ? net.connect(server.path) : streamTo(server.path);
      expect([stream.connecting, stream.pending, stream.readyState]).toEqual([true, true, 'opening']);
      expect(stream.remoteAddress).toBeUndefined();
      const events = story(stream);
      stories.push(events);
      stream.resume();
      const peer = await next(server);
      await until(() => events.length === 2, 'it is connected');
      expect([stream.connecting, stream.pending, stream.readyState]).toEqual([false, false, 'open']);
      await peer.close();
      await closed(stream);
      expect([stream.connecting, stream.pending, stream.readyState]).toEqual([false, true, 'closed']);
    }
    expect(stories[1]).toEqual(stories[0]);
    expect(stories[1]!.map((event) => event.split(' ')[0])).toEqual(['connect', 'ready', 'end', 'finish', 'close']);
  });

  it('sends what was written before, in order, and then ends', async () => {
    const server = await serverFor(uniqueName(), raw);
    const stream = streamTo(server.path);
    const written: string[] = [];
    stream.write('one,', () => written.push('one'));
    stream.write('two,', () => written.push('two'));
    stream.end('three', () => written.push('end'));
    expect(stream.bytesWritten).toBe(13);
    expect(written).toEqual([]);
    const peer = await next(server);
    let got = '';
    while (got.length < 13) got += String(await peer.read());
    expect(got).toBe('one,two,three');
    await peer.close();
    await closed(stream.resume());
    expect(written).toEqual(['one', 'two', 'end']);
    expect(stream.bytesWritten).toBe(13);
  });

  it('reads, and reaches its connection', async () => {
    const server = await serverFor(uniqueName(), raw);
    const stream = streamTo(server.path);
    expect(() => stream.connection).toThrow(/no connection yet: wait for its 'connect'/);
    const reading = text(stream);
    const peer = await next(server);
    await peer.send(Buffer.alloc(3000, 'x'));
    expect(stream.connection.peer.pid).toBe(process.pid);
    await peer.close();
    expect(await reading).toBe('x'.repeat(3000));
    expect(stream.bytesRead).toBe(3000);
  });

  it('waits for its server', async () => {
    const name = uniqueName();
    const stream = streamTo(name, { waitForServer: true });
    stream.write('early');
    await new Promise((resolve) => setTimeout(resolve, 30));
    expect(stream.connecting).toBe(true);
    const server = await serverFor(name, raw);
    expect(String(await (await next(server)).read())).toBe('early');
  });

  it('goes on when listeners throw', async () => {
    const server = await serverFor(uniqueName(), raw);
    const thrown: unknown[] = [];
    const before = process.listeners('uncaughtException');
    process.removeAllListeners('uncaughtException');
    process.on('uncaughtException', (error) => thrown.push(error.message));
    try {
      const stream = streamTo(server.path);
      for (const event of ['connect', 'ready']) {
        stream.once(event, () => {
          throw new Error(event);
        });
      }
      stream.write('written');
      expect(String(await (await next(server)).read())).toBe('written');
      await until(() => thrown.length === 2, 'both are told');
      expect(thrown).toEqual(['connect', 'ready']);
    } finally {
      process.removeAllListeners('uncaughtException');
      for (const listener of before) process.on('uncaughtException', listener);
    }
  });

  it('lets the process end when unref() was called before', async () => {
    const server = await serverFor(uniqueName(), raw);
    const script = `
      import { connectDuplex } from 'framepipe';
      const stream = connectDuplex(process.argv[1]).unref();
      stream.resume().write('x');`;
    await promisify(execFile)(process.execPath, ['--input-type=module', '-e', script, server.path], {
      cwd: root,
      timeout: 10_000,
    });
  });
});

describe('a stream that cannot connect', () => {
  it('says so, as a socket does', async () => {
    const name = uniqueName();
    const stories: string[][] = [];
    for (const over of ['net', 'pipe']) {
      const stream = over === 'net' ? net.connect(pipePath(name)) : streamTo(name);
      const events = story(stream);
      stories.push(events);
      const failed = new Promise((resolve) => stream.write('x', resolve));
      expect(await failed).toBeInstanceOf(Error);
      await until(() => events.length === 2, 'it is closed');
    }
    expect(stories[1]).toEqual(stories[0]);
    expect(stories[1]).toEqual(['error ENOENT closed false true', 'close true closed false true']);
  });

  it('tells those who wrote why', async () => {
    const stream = streamTo(uniqueName()).on('error', () => {});
    const failed = new Promise((resolve) => stream.write('x', resolve));
    expect(await failed).toMatchObject({ code: 'EPIPE', cause: { code: 'ENOENT', syscall: 'connect' } });
    const other = streamTo(uniqueName(), { waitForServer: true });
    const given = new Promise((resolve) => other.write('x', resolve));
    other.destroy();
    expect(await given).not.toHaveProperty('cause');
  });

  it('is given up by destroy(), whose error counts', async () => {
    const stream = streamTo(uniqueName(), { waitForServer: true });
    const events = story(stream);
    const failed = new Promise((resolve) => stream.write('x', resolve));
    stream.destroy(Object.assign(new Error('why'), { code: 'WHY' }));
    expect(stream.connecting).toBe(false);
    expect(await failed).toMatchObject({ code: expect.any(String) });
    await until(() => events.length === 2, 'it is closed');
    expect(events).toEqual(['error WHY closed false true', 'close true closed false true']);
  });

  it('leaves no connection behind when it is destroyed at once', async () => {
    const server = await serverFor(uniqueName(), raw);
    for (let i = 0; i < 50; i++) {
      const stream = streamTo(server.path);
      const events = story(stream);
      if (i % 2) await Promise.resolve();
      await closed(stream.destroy());
      expect(events.filter((event) => !/^close false/.test(event))).toEqual([]);
    }
    await until(() => server.connections === 0, 'all are closed');
  });

  it('is given up when its signal aborts, which later says nothing', async () => {
    const signals = [new AbortController(), new AbortController()] as const;
    const stream = streamTo(uniqueName(), { waitForServer: true, signal: signals[0].signal });
    const failed = once(stream, 'error');
    signals[0].abort(new Error('enough'));
    expect(await failed).toMatchObject([{ message: 'enough' }]);
    const server = await serverFor(uniqueName(), raw);
    const other = streamTo(server.path, { signal: signals[1].signal });
    await once(other, 'connect');
    signals[1].abort();
    other.write('still there');
    expect(String(await (await next(server)).read())).toBe('still there');
  });

  it('gives up after its timeout', async () => {
    const stream = streamTo(uniqueName(), { waitForServer: true, timeout: 20 });
    expect(await once(stream, 'error')).toMatchObject([{ code: 'ETIMEDOUT', syscall: 'connect' }]);
  });

  it('is refused what is wrong, at once', () => {
    const name = uniqueName();
    expect(() => connectDuplex(name, { framing: framing.lengthPrefix() })).toThrow(
      /^connectDuplex is for bytes: make the pipe with \{ framing: framing\.raw\(\) \}/,
    );
    expect(() => connectDuplex(name, { timout: 1 } as never)).toThrow(/has no option "timout": did you mean "timeout"/);
    expect(() => connectDuplex(name, { linger: -1 })).toThrow(/linger/);
    expect(() => connectDuplex(name, null as never)).toThrow(/options must be an object/);
    expect(() => connectDuplex('')).toThrow(expect.objectContaining({ code: 'EINVAL' }));
  });
});

it('end() before it is connected is a half-close like any other', async () => {
  const server = await serverFor(uniqueName(), raw);
  const stream = streamTo(server.path);
  const answer = text(stream);
  stream.end('question');
  const peer = await next(server);
  expect(String(await peer.read())).toBe('question');
  await peer.send(Buffer.from('answer'));
  await peer.close();
  expect(await answer).toBe('answer');
});

it('destroySoon() before it is connected lets out what was written', async () => {
  const server = await serverFor(uniqueName(), raw);
  const stream = streamTo(server.path);
  stream.write('all');
  stream.destroySoon();
  expect(String(Buffer.concat(await readAll(await next(server))))).toBe('all');
});
