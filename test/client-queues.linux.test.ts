// Operations of `as` that take long, or never end, and who waits for them: their own user, and nobody else.
import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it, onTestFinished } from 'vitest';
import type { PipeConnection } from '../lib/index.ts';
import { clientAs, type LinuxUser, start } from './support/clients.ts';
import { next, pair, serverFor, uniqueName, until } from './support/pipes.ts';
import { isLinux, isRoot, on } from './support/system.ts';

const A: LinuxUser = { uid: 12345, gid: 12346, groups: [777, 12346] };
const B: LinuxUser = { uid: 23456, gid: 23456, groups: [] };
const special = { special: true, encoding: 'utf8' } as const;

function folder(): string {
  const at = fs.mkdtempSync(path.join(tmpdir(), 'framepipe-queues-'));
  onTestFinished(() => fs.rmSync(at, { recursive: true, force: true }));
  fs.chmodSync(at, 0o755);
  return at;
}

/** A FIFO that keeps who reads it waiting, until `end` writes something and closes it. */
function endless(at = folder()) {
  const fifo = path.join(at, 'fifo');
  expect(spawnSync('mkfifo', ['-m', '666', fifo]).status).toBe(0);
  let open: number | undefined = fs.openSync(fifo, 'r+');
  const end = (text = 'end') => {
    if (open === undefined) return;
    fs.writeSync(open, text);
    fs.closeSync(open);
    open = undefined;
  };
  onTestFinished(() => end());
  return { fifo, end };
}

/** What a promise has come to by now. */
function watched<T>(promise: Promise<T>) {
  const state: { value?: T; error?: unknown; settled: boolean } = { settled: false };
  const done = promise.then(
    (value) => Object.assign(state, { value, settled: true }),
    (error) => Object.assign(state, { error, settled: true }),
  );
  return { state, done };
}

/** What this process has open. */
function descriptors(): string[] {
  return fs.readdirSync('/proc/self/fd').map((descriptor) => {
    try {
      return fs.readlinkSync(`/proc/self/fd/${descriptor}`);
    } catch {
      return ''; // it was closed
    }
  });
}

/** Waits until so many operations have opened it: `end` reaches them. */
async function opened(fifo: string, count = 1): Promise<void> {
  await until(() => descriptors().filter((open) => open === fifo).length > count, `${count} have opened the FIFO`);
}

/** How many threads of this process are somebody else at this moment. */
function acting(): number {
  const users = fs.readdirSync('/proc/self/task').map((thread) => {
    try {
      return /^Uid:\t\d+\t(\d+)/m.exec(fs.readFileSync(`/proc/self/task/${thread}/status`, 'utf8'))![1];
    } catch {
      return '0'; // it has ended
    }
  });
  return users.filter((user) => user !== '0').length;
}

on(isLinux, '{ special: true }', () => {
  it("waits for what a FIFO's other end writes", async () => {
    const { served } = await pair();
    const { fifo, end } = endless();
    const read = watched(served.runAsClient((as) => as.readFile(fifo, special)));
    await served.peerUser(); // who takes long keeps nobody from being known
    await opened(fifo);
    expect(read.state.settled).toBe(false);
    end('through');
    await read.done;
    expect(read.state.value).toBe('through');
  });
});

on(isRoot, 'an operation that does not end', () => {
  it("delays its own user's, in their order, and nobody else's", async () => {
    const name = uniqueName();
    const server = await serverFor(name, { access: 'everyone' });
    const [a, sameAsA, b] = [
      await clientAs(server, name, A),
      await clientAs(server, name, { ...A, gid: 1, groups: [] }),
      await clientAs(server, name, B),
    ];
    const { fifo, end } = endless();
    const order: string[] = [];
    const hanging = a.runAsClient(async (as) => {
      const read = as.readFile(fifo, special);
      const second = as.stat('/').then(() => order.push('second'));
      order.push(await read);
      await second;
    });
    const other = sameAsA.runAsClient((as) => as.stat('/').then(() => order.push('with other groups')));
    for (let i = 0; i < 50; i++) await b.runAsClient((as) => as.readdir('/'));
    await opened(fifo);
    expect(acting()).toBe(1); // it waits as the client
    for (const client of [a, sameAsA, b]) await client.peerUser();
    await Promise.all(Array.from({ length: 50 }, () => b.runAsClient((as) => as.stat('/'))));
    await a.runAsClient(() => process.geteuid!()).then((uid) => expect(uid).toBe(A.uid));
    await opened(fifo);
    expect(order).toEqual([]);
    end('first');
    await Promise.all([hanging, other]);
    expect(order[0]).toBe('first');
    expect(order.slice(1).sort()).toEqual(['second', 'with other groups']);
  });
});

on(isRoot, 'a hundred users at once', () => {
  const FIRST = 30_001;
  const COUNT = 100;

  async function clients(): Promise<PipeConnection[]> {
    const name = uniqueName();
    const server = await serverFor(name, { access: 'everyone' });
    const child = fileURLToPath(new URL('support/many-users-child.js', import.meta.url));
    start(process.execPath, [child, name, String(COUNT), String(FIRST)]);
    const connections: PipeConnection[] = [];
    while (connections.length < COUNT) connections.push(await next(server));
    for (const connection of connections) expect(String(await connection.read())).toBe(String(connection.peer.uid));
    return connections;
  }

  it('are each themselves, on no more threads than there may be, though all of them hang', async () => {
    const connections = await clients();
    const at = folder();
    for (const { peer } of connections) {
      const own = path.join(at, String(peer.uid));
      fs.writeFileSync(own, String(peer.uid), { mode: 0o600 });
      fs.chownSync(own, peer.uid!, peer.gid!);
    }
    const { fifo, end } = endless(at);
    const reading = connections.map((connection) =>
      connection.runAsClient(async (as) => {
        const hanging = as.readFile(fifo, { special: true });
        const uid = connection.peer.uid!;
        const neighbour = FIRST + ((uid - FIRST + 1) % COUNT);
        const own = as.readFile(path.join(at, String(uid)), 'utf8');
        const others = as.readFile(path.join(at, String(neighbour))).catch((error) => error.code);
        await hanging;
        return [uid, await own, await others];
      }),
    );
    await until(() => acting() >= 64, 'as many threads run as may');
    await connections[99]!.runAsClient(() => {}); // who is synchronous needs none
    expect(acting()).toBe(64);
    end();
    for (const each of await Promise.all(reading)) expect(each).toEqual([each[0], String(each[0]), 'EACCES']);
  }, 60_000);
});

on(isLinux, "one user's operations", () => {
  it('wait in a queue that has an end', async () => {
    const { served } = await pair();
    const { fifo, end } = endless();
    await served.runAsClient(async (as) => {
      const read = as.readFile(fifo, special);
      const waiting = Promise.allSettled(Array.from({ length: 4100 }, () => as.stat('/')));
      const refused = as.stat('/');
      await expect(refused).rejects.toMatchObject({
        code: 'EAGAIN',
        path: '/',
        message: expect.stringMatching(/4,096/),
      });
      await opened(fifo);
      end();
      expect(await read).toBe('end');
      // The first one waits, too, until the thread has come to it.
      const done = (await waiting).filter(({ status }) => status === 'fulfilled').length;
      expect([4095, 4096]).toContain(done);
      await as.stat('/');
    });
  });
});

on(isLinux, 'an AbortSignal', () => {
  it('that has aborted lets nothing be done', async () => {
    const { served } = await pair();
    const file = path.join(folder(), 'file');
    const signal = AbortSignal.abort('mine');
    await served.runAsClient(async (as) => {
      await expect(as.writeFile(file, 'x', { signal })).rejects.toBe('mine');
      await expect(as.readFile('/', { signal })).rejects.toBe('mine');
      await expect(as.readFile('/', { signal: {} as never })).rejects.toMatchObject({ code: 'EINVAL' });
    });
    expect(fs.existsSync(file)).toBe(false);
  });

  it('that aborts takes what waits out of the queue', async () => {
    const { served } = await pair();
    const { fifo, end } = endless();
    const file = path.join(path.dirname(fifo), 'file');
    const abort = new AbortController();
    await served.runAsClient(async (as) => {
      const hanging = as.readFile(fifo, special);
      await opened(fifo);
      const waiting = as.writeFile(file, 'x', { signal: abort.signal });
      abort.abort('mine');
      await expect(waiting).rejects.toBe('mine');
      end();
      expect(await hanging).toBe('end');
      await expect(as.stat(file)).rejects.toMatchObject({ code: 'ENOENT' });
    });
  });

  it('that aborts what is being done drops its result, and the user goes on', async () => {
    const { served } = await pair();
    const { fifo, end } = endless();
    await served.runAsClient(async (as) => {
      for (const reason of ['one', 'two', 'three']) {
        const abort = new AbortController();
        const hanging = as.readFile(fifo, { special: true, signal: abort.signal });
        await opened(fifo, reason === 'one' ? 1 : reason === 'two' ? 2 : 3);
        abort.abort(reason);
        await expect(hanging).rejects.toBe(reason);
        await as.stat('/');
      }
      const fourth = watched(as.readFile(fifo, special));
      await opened(fifo, 4);
      const fifth = watched(as.stat('/'));
      await served.runAsClient((again) => again.user());
      expect([fourth.state.settled, fifth.state.settled]).toEqual([false, false]);
      end();
      await fourth.done;
      await fifth.done;
    });
    await until(() => !descriptors().includes(fifo), 'what was opened is closed');
  });

  it('that aborts too late changes nothing', async () => {
    const { served } = await pair();
    const file = path.join(folder(), 'file');
    const abort = new AbortController();
    await served.runAsClient(async (as) => {
      await as.writeFile(file, 'written', { signal: abort.signal });
      const read = await as.readFile(file, { encoding: 'utf8', signal: abort.signal });
      abort.abort();
      expect(read).toBe('written');
      expect(await as.readFile(file, 'utf8')).toBe('written');
    });
  });
});

on(isLinux, 'an operation that does not end', () => {
  const child = fileURLToPath(new URL('support/hanging-child.js', import.meta.url));

  it.each([
    ['process.exit()', 'exit', 7],
    ['an uncaught exception', 'throw', 1],
    ['an abort', 'abort', 0],
  ])('keeps no process from ending: %s', async (_, mode, expected) => {
    const { fifo } = endless();
    const [code, signal] = await once(start(process.execPath, [child, mode, fifo], 'ignore'), 'close');
    expect({ code, signal }).toEqual({ code: expected, signal: null });
  });

  it('keeps no Worker from ending, and stays the client until it returns', async () => {
    const { fifo, end } = endless();
    const running = start(process.execPath, [child, 'terminate', fifo]);
    const [said] = await once(running.stdout!, 'data');
    expect(String(said)).toBe('terminated\n');
    end();
    const [code, signal] = await once(running, 'close');
    expect({ code, signal }).toEqual({ code: 0, signal: null });
  });
});
