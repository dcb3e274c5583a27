// reconnect: connections to one name, the next one when the last has ended.
import { getEventListeners } from 'node:events';
import path from 'node:path';
import { setImmediate as turn } from 'node:timers/promises';
import { afterEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { Backoff } from '../lib/backoff.ts';
import {
  framing,
  type PipeConnection,
  PipeError,
  type PipeServer,
  type ReconnectIterator,
  reconnect,
} from '../lib/index.ts';
import { busyPipe, deadServersPipe, mayBeOthers, somebodysPipe } from './failures/others.ts';
import { next, pair, serverFor, uniqueName, until } from './support/pipes.ts';
import { root, run } from './support/programs.ts';
import { isWindows, on } from './support/system.ts';

const text = framing.lengthPrefix({ as: 'utf8' });
const quick = { min: 1, max: 1 };

type Options = Parameters<typeof reconnect<string>>[1];

/** What is left when the test is over, too. */
function reconnecting(name: string, options: Options = {}): ReconnectIterator<string> {
  const connections = reconnect(name, { framing: text, backoff: quick, ...options });
  onTestFinished(async () => void (await connections.return().catch(() => {})));
  return connections;
}

/** The next connection; or it fails. */
async function nextOf<T>(connections: ReconnectIterator<T>) {
  const { done, value } = await connections.next();
  expect(done).toBe(false);
  return value!;
}

/** Whether it has settled by now, and some turns later. */
async function waits(promise: Promise<unknown>): Promise<boolean> {
  let settled = false;
  const settle = () => void (settled = true);
  promise.then(settle, settle);
  for (let i = 0; i < 20; i++) await turn();
  return !settled;
}

afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});

describe('reconnect', () => {
  it('gives one connection after the other, each with all that it had, and its end', async () => {
    const server = await serverFor(uniqueName(), { framing: text });
    let served = 0;
    void server.serve((client) => client.sendMany([`${++served}`, 'and more']));
    const story: string[] = [];
    for await (const pipe of reconnecting(server.path)) {
      for await (const frame of pipe) story.push(frame);
      await pipe.closed;
      story.push(pipe.state);
      if (served === 3) break;
    }
    expect(story).toEqual(['1', 'and more', 'closed', '2', 'and more', 'closed', '3', 'and more', 'closed']);
  });

  it('connects to nobody before it is asked, nor again before the last connection has ended', async () => {
    const server = await serverFor(uniqueName(), { framing: text });
    const connections = reconnecting(server.path);
    await turn();
    expect(server.stats().accepted).toBe(0);
    const first = await nextOf(connections);
    const second = connections.next();
    expect(await waits(second)).toBe(true);
    await first.send('still the first');
    expect(await (await next(server)).read()).toBe('still the first');
    expect(server.stats().accepted).toBe(1);
    first.destroy();
    expect((await second).value).not.toBe(first);
  });

  it('asks for no next one while the body of the loop runs', async () => {
    const server = await serverFor(uniqueName(), { framing: text });
    const connections = reconnecting(server.path);
    const first = await nextOf(connections);
    (await next(server)).destroy();
    await first.closed;
    for (let i = 0; i < 50; i++) await turn();
    expect(server.stats().accepted).toBe(1);
    await nextOf(connections);
  });

  it('gives each of several calls a connection of its own, one after the other', async () => {
    const server = await serverFor(uniqueName(), { framing: text });
    const connections = reconnecting(server.path);
    const calls = [connections.next(), connections.next(), connections.next()];
    const seen: PipeConnection<string>[] = [];
    for (const call of calls) {
      const { value } = await call;
      expect(seen).not.toContain(value);
      expect(seen.every(({ state }) => state === 'closed')).toBe(true);
      seen.push(value!);
      value!.destroy();
    }
  });

  it('goes on after an error of the connection, which its `closed` tells', async () => {
    const name = uniqueName();
    const server = await serverFor(name, { framing: framing.raw() });
    const connections = reconnecting(name, { framing: framing.lengthPrefix({ as: 'utf8', maxFrameLength: 10 }) });
    const first = await nextOf(connections);
    await (await next(server)).send(Buffer.alloc(4, 255));
    await expect(first.read()).rejects.toMatchObject({ code: 'ERR_FRAME_TOO_LARGE' });
    await nextOf(connections);
    await expect(first.closed).rejects.toMatchObject({ code: 'ERR_FRAME_TOO_LARGE' });
  });

  it('closes a connection whose peer sends no more, when all of that was read', async () => {
    const server = await serverFor(uniqueName(), { framing: text });
    const connections = reconnecting(server.path);
    const first = await nextOf(connections);
    const served = await next(server);
    await served.send('last');
    const seen = await served.end();
    expect(await first.read()).toBe('last');
    await first.send('an answer');
    if (seen) expect(await first.read()).toBeNull();
    else served.destroy(); // Windows: there is no other end
    await nextOf(connections);
    if (seen) expect(await served.read()).toBe('an answer');
    await served.closed;
  });

  it('closes it, too, when that was read after the next one was asked for', async () => {
    const server = await serverFor(uniqueName(), { framing: text });
    const connections = reconnecting(server.path);
    for (const ended of ['before', 'after']) {
      const connection = await nextOf(connections);
      const served = await next(server);
      await served.send('first');
      await served.send('last');
      const end = async () => {
        const seen = await served.end();
        if (!seen) served.destroy(); // Windows: there is no other end, and this one is the connection's, read or not
        return seen;
      };
      const open = ended === 'after' || (await end());
      expect(await connection.read()).toBe('first');
      const another = nextOf(connections);
      if (open) expect(await waits(another)).toBe(true);
      if (ended === 'after') await end();
      expect(await connection.read()).toBe('last');
      await served.closed;
      (await another).destroy();
      (await next(server)).destroy();
    }
  });

  it('leaves one that only sends alone', async () => {
    const server = await serverFor(uniqueName(), { framing: text, direction: 'in' });
    const connections = reconnecting(server.path, { direction: 'out' });
    const first = await nextOf(connections);
    await waits(first.closed); // by now it knows that it receives nothing
    const second = connections.next();
    expect(await waits(second)).toBe(true);
    await first.send('here');
    expect(await (await next(server)).read()).toBe('here');
    first.destroy();
    await second;
  });
});

describe('a server that is not there', () => {
  it('is waited for: before it comes, and when it has gone', async () => {
    const name = uniqueName();
    const connections = reconnecting(name);
    const waiting = connections.next();
    expect(await waits(waiting)).toBe(true);
    for (let i = 0; i < 3; i++) {
      const server = await serverFor(name, { framing: text });
      const client = i === 0 ? (await waiting).value! : await nextOf(connections);
      await (await next(server)).send(`${i}`);
      expect(await client.read()).toBe(`${i}`);
      await server.close({ connections: true });
      await client.closed;
    }
  });

  it('is waited for where it has died', async () => {
    const name = await deadServersPipe();
    const connections = reconnecting(name);
    const waiting = connections.next();
    expect(await waits(waiting)).toBe(true);
    const server = await serverFor(name, { framing: text });
    await waiting;
    await next(server);
  });

  it('is waited for by each attempt, too, with waitForServer', async () => {
    const name = uniqueName();
    const waiting = reconnecting(name, { waitForServer: true, timeout: 5, backoff: quick }).next();
    expect(await waits(waiting)).toBe(true);
    await serverFor(name, { framing: text });
    await waiting;
  });
});

describe('a busy pipe', () => {
  it('is waited for beyond the `timeout`, which is that of an attempt', async () => {
    const name = await busyPipe();
    const controller = new AbortController();
    const waiting = reconnecting(name, { timeout: 1, signal: controller.signal }).next();
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(await waits(waiting)).toBe(true);
    controller.abort('enough');
    await expect(waiting).rejects.toBe('enough');
  });

  on(isWindows, 'on Windows', () => {
    it('is connected to as soon as it has room', async () => {
      const { server, client } = await pair({ maxInstances: 1, framing: text });
      const waiting = reconnecting(server.path, { timeout: 1 }).next();
      expect(await waits(waiting)).toBe(true);
      client.destroy();
      await (await waiting).value!.send('my turn');
      expect(await (await next(server)).read()).toBe('my turn');
    });
  });
});

describe('what no waiting cures ends the iteration', () => {
  /** What the first call comes to; those after it come to the end. */
  async function failure(connections: ReconnectIterator<string>): Promise<unknown> {
    const both = [connections.next(), connections.next()];
    const [first, second] = await Promise.allSettled(both);
    expect(second).toEqual({ status: 'fulfilled', value: { done: true, value: undefined } });
    expect(await connections.next()).toEqual({ done: true, value: undefined });
    return first!.status === 'rejected' ? first!.reason : expect.fail('it has connected');
  }

  it('such as a server that speaks otherwise', async () => {
    const server = await serverFor(uniqueName());
    const wrong = reconnecting(server.path, { framing: framing.message({ as: 'utf8' }) });
    expect(await failure(wrong)).toMatchObject({ code: 'EPROTOTYPE' });
  });

  it('such as an account that does not exist', async () => {
    const server = await serverFor(uniqueName());
    const error = await failure(reconnecting(server.path, { serverOwner: { user: 'nobody-of-this-name' } }));
    expect(error).toBeInstanceOf(PipeError);
    expect(error).toMatchObject({ code: 'EINVAL' });
  });

  on(mayBeOthers, 'and where there are others', () => {
    it('such as a server that is not trusted', async () => {
      const name = await somebodysPipe();
      expect(await failure(reconnecting(name, { serverOwner: 'self' }))).toMatchObject({
        code: 'ERR_PIPE_UNTRUSTED_SERVER',
      });
    });
  });
});

describe('invalid arguments are refused at once', () => {
  const refused = (options: unknown) => {
    try {
      reconnect(uniqueName(), options as Options);
    } catch (error) {
      expect(error).toBeInstanceOf(PipeError);
      expect(error).toMatchObject({ code: 'EINVAL' });
      return (error as PipeError).message;
    }
    return expect.fail('it was taken');
  };

  it.each([
    [{ backof: {} }, 'reconnect has no option "backof": did you mean "backoff"?'],
    [{ timout: 1 }, 'reconnect has no option "timout": did you mean "timeout"?'],
    [{ timeout: Number.NaN }, 'timeout must be a number of milliseconds from 0 up, not NaN'],
    [{ signal: 1 }, 'signal must be an AbortSignal, not 1'],
    [null, 'options must be an object, not null'],
    [() => {}, 'reconnect takes no callback: iterate it, by for await: it gives one connection after the other'],
    [{ backoff: 100 }, 'backoff must be an object: { min, max }, not 100'],
    [{ backoff: { mim: 1 } }, 'backoff has no option "mim": did you mean "min"?'],
    [{ backoff: { minimum: 1 } }, 'backoff has no option "minimum": it takes "min", "max"'],
    [{ backoff: { min: 0 } }, 'backoff.min must be a number of milliseconds from 1 to 2147483647, not 0'],
    [{ backoff: { min: Number.NaN } }, 'backoff.min must be a number of milliseconds from 1 to 2147483647, not NaN'],
    [{ backoff: { min: '5' } }, 'backoff.min must be a number of milliseconds from 1 to 2147483647, not "5"'],
    [{ backoff: { max: Infinity } }, 'backoff.max must be a number of milliseconds from 1 to 2147483647, not Infinity'],
    [{ backoff: { max: -1 } }, 'backoff.max must be a number of milliseconds from 1 to 2147483647, not -1'],
    [{ backoff: { min: 20, max: 10 } }, 'backoff.min must be no more than backoff.max: 20 is above 10'],
  ])('%j', (options, message) => {
    expect(refused(options)).toBe(message);
  });

  it('names, too', () => {
    expect(() => reconnect('')).toThrow(expect.objectContaining({ code: 'EINVAL' }));
    expect(() => reconnect('x'.repeat(300))).toThrow(expect.objectContaining({ code: 'ENAMETOOLONG' }));
  });

  it('but not what is undefined', async () => {
    const server = await serverFor(uniqueName(), { framing: text });
    const undefineds = { backoff: { min: undefined, max: undefined }, signal: undefined, backof: undefined };
    await nextOf(reconnecting(server.path, undefineds));
  });
});

describe('pauses', () => {
  /** The shortest and the longest one of so many in turn. */
  const ranges = (backoff: () => Backoff, count: number) => {
    const at = (random: number) => {
      vi.spyOn(Math, 'random').mockReturnValue(random);
      const one = backoff();
      return Array.from({ length: count }, () => Math.round(one.next()));
    };
    const shortest = at(0);
    return at(1 - Number.EPSILON).map((longest, i) => [shortest[i], longest]);
  };

  it('are of random lengths, and longer and longer', () => {
    expect(ranges(() => new Backoff({}), 7)).toEqual([
      [100, 200],
      [100, 400],
      [100, 800],
      [100, 1600],
      [100, 2000],
      [100, 2000],
      [100, 2000],
    ]);
  });

  it('have a longest one of at least the shortest, whichever is given', () => {
    expect(ranges(() => new Backoff({ min: 5000 }), 2)).toEqual([
      [5000, 5000],
      [5000, 5000],
    ]);
    expect(ranges(() => new Backoff({ max: 10 }), 2)).toEqual([
      [10, 10],
      [10, 10],
    ]);
    expect(ranges(() => new Backoff({ min: 10, max: 15 }), 2)).toEqual([
      [10, 15],
      [10, 15],
    ]);
  });

  it('are short again after what has lasted longer than the next one may be, and only then', () => {
    const lasted = (ms: number) => {
      const backoff = new Backoff({});
      for (let i = 0; i < 2; i++) backoff.next();
      backoff.lasted(ms);
      return backoff;
    };
    expect(ranges(() => lasted(799), 1)).toEqual([[100, 800]]);
    expect(ranges(() => lasted(800), 1)).toEqual([[100, 200]]);
  });

  /** Time stands still but for `pass`; what the system does goes on. */
  function clock() {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] });
    vi.spyOn(Math, 'random').mockReturnValue(0.5);
    const pass = (ms: number) => vi.advanceTimersByTimeAsync(ms);
    const comes = async (condition: () => boolean) => {
      for (let i = 0; i < 100_000 && !condition(); i++) await turn();
      expect(condition()).toBe(true);
    };
    return { pass, comes };
  }

  it('keep apart those connections that a server ends at once', async () => {
    const server = await serverFor(uniqueName(), { framing: text });
    void (async () => {
      for await (const client of server) client.destroy(); // not by serve(), whose close() has a timer
    })();
    const { pass, comes } = clock();
    const connections = reconnect(server.path, { framing: text });
    let made = 0;
    void (async () => {
      for await (const pipe of connections) {
        made++;
        await pipe.closed;
      }
    })();
    for (const [i, pause] of [150, 250, 450, 850, 1050, 1050].entries()) {
      await comes(() => made === i + 1 && vi.getTimerCount() === 1);
      await pass(pause - 5);
      expect(made).toBe(i + 1);
      await pass(10);
    }
    await comes(() => made === 7);
    await connections.return();
    expect(vi.getTimerCount()).toBe(0);
  });

  it('are short again when a connection has lasted', async () => {
    const server = await serverFor(uniqueName(), { framing: text });
    const { pass, comes } = clock();
    const connections = reconnect(server.path, { framing: text });
    let pipe = await nextOf(connections);
    for (const [lasts, pause] of [
      [190, 150],
      [380, 250],
      [800, 150],
      [400, 150],
      [300, 250],
    ] as const) {
      await pass(lasts);
      pipe.destroy();
      await pipe.closed;
      const following = connections.next();
      await comes(() => vi.getTimerCount() === 1);
      await pass(pause - 5);
      expect(await waits(following)).toBe(true);
      await pass(10);
      pipe = (await following).value!;
    }
    await connections.return();
    expect(vi.getTimerCount()).toBe(0);
  });

  it('begin when the last connection has ended, not when the next one is asked for', async () => {
    const server = await serverFor(uniqueName(), { framing: text });
    const { pass } = clock();
    const connections = reconnect(server.path, { framing: text });
    const first = await nextOf(connections);
    first.destroy();
    await first.closed;
    await pass(155);
    await nextOf(connections);
    expect(vi.getTimerCount()).toBe(0);
    await connections.return();
  });

  it('come between attempts that fail', async () => {
    const name = uniqueName();
    const { pass, comes } = clock();
    const connections = reconnect(name, { framing: text });
    const waiting = connections.next();
    await comes(() => vi.getTimerCount() === 1);
    await pass(155);
    await comes(() => vi.getTimerCount() === 1);
    vi.useRealTimers();
    const server = await serverFor(name, { framing: text });
    expect(await waits(waiting)).toBe(true);
    expect(server.stats().accepted).toBe(0);
    await connections.return();
    expect(await waiting).toEqual({ done: true, value: undefined });
  });
});

describe('leaving the loop', () => {
  const cases: [string, (connections: ReconnectIterator<string>) => Promise<unknown>][] = [
    [
      'by break',
      async (connections) => {
        for await (const pipe of connections) {
          void pipe.send('the last word');
          break;
        }
      },
    ],
    [
      'by an error',
      async (connections) => {
        const error = new Error('mine');
        const loop = (async () => {
          for await (const pipe of connections) {
            void pipe.send('the last word');
            throw error;
          }
        })();
        await expect(loop).rejects.toBe(error);
      },
    ],
    [
      'by return()',
      async (connections) => {
        const pipe = await nextOf(connections);
        void pipe.send('the last word');
        expect(await connections.return()).toEqual({ done: true, value: undefined });
        expect(pipe.state).toBe('closed');
      },
    ],
    [
      'by disposing of it',
      async (connections) => {
        void (await nextOf(connections)).send('the last word');
        await connections[Symbol.asyncDispose]();
      },
    ],
  ];
  it.each(cases)('closes the connection that is open, and makes no other one: %s', async (_, leave) => {
    const server = await serverFor(uniqueName(), { framing: text });
    const said = next(server).then(async (served) => [await served.read(), await served.read()]);
    const connections = reconnecting(server.path);
    await leave(connections);
    expect(await said).toEqual(['the last word', null]);
    expect(await connections.next()).toEqual({ done: true, value: undefined });
    expect(server.stats().accepted).toBe(1);
  });

  it('says so when the peer did not read what was sent', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    const server = await serverFor(uniqueName(), { framing: text, highWaterMark: 1 });
    const connections = reconnecting(server.path);
    const pipe = await nextOf(connections);
    await next(server);
    void pipe.send('x'.repeat(4 << 20));
    const left = connections.return();
    left.catch(() => {});
    for (let i = 0; i < 20; i++) await turn();
    await vi.advanceTimersByTimeAsync(5000);
    await expect(left).rejects.toMatchObject({ code: 'ETIMEDOUT', syscall: 'close' });
  });

  it('during a pause ends those who wait, and leaves nothing running', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    const connections = reconnecting(uniqueName(), { backoff: { min: 60_000 } });
    const waiting = [connections.next(), connections.next()];
    expect(await waits(waiting[0]!)).toBe(true);
    expect(vi.getTimerCount()).toBe(1);
    await connections.return();
    const end = { done: true, value: undefined };
    expect(await Promise.all(waiting)).toEqual([end, end]);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('during an attempt leaves no connection', async () => {
    const server = await serverFor(uniqueName(), { framing: text });
    for (let i = 0; i < 20; i++) {
      const connections = reconnecting(server.path);
      const waiting = connections.next();
      for (let later = 0; later < i; later++) await Promise.resolve();
      await connections.return();
      const { value } = await waiting;
      if (value) await value.closed;
    }
    await until(() => server.connections === 0, 'the server has none');
  });

  it('before it has begun connects to nobody', async () => {
    const server = await serverFor(uniqueName());
    const connections = reconnect(server.path);
    await connections.return();
    expect(await connections.next()).toEqual({ done: true, value: undefined });
    for (let i = 0; i < 20; i++) await turn();
    expect(server.stats().accepted).toBe(0);
  });
});

describe('signal', () => {
  const reason = new Error('enough');

  it('ends a pause, with its reason, and leaves nothing running', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    const controller = new AbortController();
    const connections = reconnecting(uniqueName(), { backoff: { min: 60_000 }, signal: controller.signal });
    const waiting = connections.next();
    expect(await waits(waiting)).toBe(true);
    controller.abort(reason);
    await expect(waiting).rejects.toBe(reason);
    expect(vi.getTimerCount()).toBe(0);
    expect(await connections.next()).toEqual({ done: true, value: undefined });
  });

  it('that has aborted lets nobody connect', async () => {
    const server = await serverFor(uniqueName(), { framing: text });
    const connections = reconnecting(server.path, { signal: AbortSignal.abort(reason) });
    await expect(connections.next()).rejects.toBe(reason);
    for (let i = 0; i < 20; i++) await turn();
    expect(server.stats().accepted).toBe(0);
  });

  it('closes the connection that is open, gracefully: the loop ends with its reason', async () => {
    const server = await serverFor(uniqueName(), { framing: text });
    const controller = new AbortController();
    const said = next(server).then(async (served) => [await served.read(), await served.read()]);
    let pipe: PipeConnection<string> | undefined;
    const loop = (async () => {
      for await (pipe of reconnecting(server.path, { signal: controller.signal })) {
        void pipe.send('the last word');
        setImmediate(() => controller.abort(reason));
        for await (const _ of pipe);
      }
    })();
    await expect(loop).rejects.toBe(reason);
    expect(await said).toEqual(['the last word', null]);
    await until(() => pipe!.state === 'closed', 'it is closed');
  });

  it('ends the wait for the end of a connection', async () => {
    const server = await serverFor(uniqueName(), { framing: text });
    const controller = new AbortController();
    const connections = reconnecting(server.path, { signal: controller.signal });
    const pipe = await nextOf(connections);
    const waiting = connections.next();
    expect(await waits(waiting)).toBe(true);
    controller.abort(reason);
    await expect(waiting).rejects.toBe(reason);
    await pipe.closed;
  });

  it('has no listener of an iteration that is over, or has not begun', async () => {
    const server = await serverFor(uniqueName(), { framing: text });
    const { signal } = new AbortController();
    const listeners = () => getEventListeners(signal, 'abort').length;
    const connections = reconnecting(server.path, { signal });
    expect(listeners()).toBe(0);
    for (let i = 0; i < 3; i++) {
      const pipe = await nextOf(connections);
      expect(listeners()).toBe(1);
      pipe.destroy();
    }
    await connections.return();
    expect(listeners()).toBe(0);
    const failing = reconnecting(server.path, { signal, framing: framing.message({ as: 'utf8' }) });
    await expect(failing.next()).rejects.toMatchObject({ code: 'EPROTOTYPE' });
    expect(listeners()).toBe(0);
  });
});

describe('the process', () => {
  const child = (...args: string[]) =>
    run(process.execPath, [path.join(root, 'test/support/reconnecting-child.js'), ...args]);

  const served = async (name: string): Promise<[PipeServer<string>, PipeConnection<string>]> => {
    const server = await serverFor(name, { framing: text });
    return [server, await next(server)];
  };

  it('stays alive while it waits for a server, and ends when the loop is left', async () => {
    const name = uniqueName();
    const waiting = child(name);
    await until(() => waiting.output.includes('waiting'), 'it waits');
    const [first, client] = await served(name);
    await first.close({ connections: true });
    await client.closed;
    const [, again] = await served(name);
    await again.send('leave');
    expect(await waiting.ended, waiting.output).toBe(0);
    expect(waiting.output.match(/connected/g)).toHaveLength(2);
  });

  it('may end while it waits, and with a connection, after unref()', async () => {
    expect(await child(uniqueName(), 'unref').ended).toBe(0);
    const server = await serverFor(uniqueName(), { framing: text });
    expect(await child(server.path, 'unref').ended).toBe(0);
    expect(server.stats().accepted).toBeLessThan(2);
  });

  it('is kept alive again by ref()', async () => {
    const timers = vi.spyOn(globalThis, 'setTimeout');
    const connections = reconnecting(uniqueName(), { backoff: { min: 60_000 } }).unref();
    const waiting = connections.next();
    expect(await waits(waiting)).toBe(true);
    const [timer] = timers.mock.results.map(({ value }) => value as NodeJS.Timeout);
    expect(timer!.hasRef()).toBe(false);
    expect(connections.ref()).toBe(connections);
    expect(timer!.hasRef()).toBe(true);
    await connections.return();
    await waiting;
  });

  it('says with NODE_DEBUG=framepipe when it tries again, and why', async () => {
    const name = uniqueName();
    const script = path.join(root, 'test/support/reconnecting-child.js');
    const waiting = run(process.execPath, [script, name], { env: { ...process.env, NODE_DEBUG: 'framepipe' } });
    await until(() => /: reconnect to \S+ in 10 ms, for connect ENOENT /.test(waiting.output), 'it says so');
    const [first, client] = await served(name);
    client.destroy();
    await until(() => /: reconnect to \S+ in 10 ms$/m.test(waiting.output.replaceAll('\r', '')), 'it says that');
    await (await next(first)).send('leave');
    expect(await waiting.ended, waiting.output).toBe(0);
  });
});

describe('inside runAsClient', () => {
  it('it tries once, as the client, and never as the server', async () => {
    const { served, client } = await pair({}, { impersonation: 'impersonation' });
    const server = await serverFor(uniqueName(), { framing: text });
    const absent = reconnecting(uniqueName());
    const present = reconnecting(server.path);
    const begun = reconnecting(server.path);
    (await nextOf(begun)).destroy();
    let attempts: Promise<unknown>[] = [];
    await served.runAsClient(() => {
      attempts = [absent, present, begun].map((connections) => connections.next());
    });
    const [failed, made, refused] = await Promise.allSettled(attempts);
    const late = { code: 'ERR_PIPE_ASYNC_WITHOUT_CLIENT', syscall: 'reconnect' };
    expect(failed).toMatchObject({ reason: late });
    expect(refused).toMatchObject({ reason: late });
    expect(made).toMatchObject({ status: 'fulfilled', value: { done: false } });
    await expect(present.next()).rejects.toMatchObject(late);
    await nextOf(begun); // is the server's, and goes on
    client.destroy();
  });
});
