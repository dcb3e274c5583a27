// runAsClient for clients of one's own: what needs no privilege.
import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import fsp from 'node:fs/promises';
import { tmpdir, userInfo } from 'node:os';
import path from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { runInNewContext } from 'node:vm';
import { beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { takesNoClient } from '../lib/impersonation/async-without-client.ts';
import { type AsClient, connect, listen, type PipeConnection } from '../lib/index.ts';
import { start } from './support/clients.ts';
import { type Pair, pair, uniqueName } from './support/pipes.ts';
import { hasPipeSecurity, isLinux, isWindows, on } from './support/system.ts';

/** A connection whose client may be acted as. */
async function acting(): Promise<Pair<Buffer>> {
  const both = await pair({}, { impersonation: 'impersonation' });
  await both.client.send(Buffer.from('here I am'));
  await both.served.read();
  return both;
}

function folder(): string {
  const name = fs.mkdtempSync(path.join(tmpdir(), 'framepipe-as-'));
  onTestFinished(() => fs.rmSync(name, { recursive: true, force: true }));
  return name;
}

const outcome = (promise: Promise<unknown>) =>
  promise.then(
    (value) => ({ value }),
    (error) => ({ code: error.code }),
  );

on(hasPipeSecurity, 'runAsClient', () => {
  let served: PipeConnection;
  beforeEach(async () => {
    ({ served } = await acting());
  });

  it('gives what its function gives', async () => {
    expect(await served.runAsClient(() => 42)).toBe(42);
    expect(await served.runAsClient((as) => as.stat('.').then(() => 'later'))).toBe('later');
    expect(await served.runAsClient(async (as) => typeof (await as.user()).name)).toBe('string');
    const thenable = (as: AsClient) => ({
      // biome-ignore lint/suspicious/noThenProperty: a thenable is what is tested
      then: (resolve: (value: string) => void) => void as.stat('.').then(() => resolve('thenable')),
    });
    expect(await served.runAsClient((as) => thenable(as) as unknown as PromiseLike<string>)).toBe('thenable');
  });

  it('lets nobody connect or listen later, as the server', async () => {
    const { username } = userInfo();
    const begun: Promise<unknown>[] = [];
    await served.runAsClient(() => {
      begun.push(connect(uniqueName(), { waitForServer: true }), connect(uniqueName()));
      begun.push(connect(uniqueName(), { serverOwner: { user: username } }));
      begun.push(listen(uniqueName(), { access: { allow: [{ user: username }] } }));
    });
    expect(await Promise.all(begun.map(outcome))).toEqual([
      { code: 'ERR_PIPE_ASYNC_WITHOUT_CLIENT' },
      { code: 'ENOENT' },
      { code: 'ERR_PIPE_ASYNC_WITHOUT_CLIENT' },
      { code: 'ERR_PIPE_ASYNC_WITHOUT_CLIENT' },
    ]);
  });

  it('passes on what its function throws, whatever it is', async () => {
    const error = new Error('mine');
    await expect(
      served.runAsClient(() => {
        throw error;
      }),
    ).rejects.toBe(error);
    await expect(
      served.runAsClient(() => {
        throw ['ERR', 'array', 1];
      }),
    ).rejects.toEqual(['ERR', 'array', 1]);
    await expect(
      served.runAsClient(() => {
        throw undefined;
      }),
    ).rejects.toBeUndefined();
    await expect(
      served.runAsClient(async (as) => {
        await as.stat('.');
        throw error;
      }),
    ).rejects.toBe(error);
    expect(await served.runAsClient(() => 'still works')).toBe('still works');
  });

  it('calls its function once, synchronously as the client, and nothing else before it returns', async () => {
    const order: string[] = [];
    const done = served.runAsClient(() => {
      queueMicrotask(() => order.push('microtask'));
      process.nextTick(() => order.push('tick'));
      order.push('function');
    });
    await done;
    await new Promise((resolve) => setImmediate(resolve));
    expect(order[0]).toBe('function');
    expect([...order].sort()).toEqual(['function', 'microtask', 'tick']);
  });

  it('takes the client away when the promise settles, and not before', async () => {
    const as = await served.runAsClient(async (client) => {
      await new Promise((resolve) => setTimeout(resolve, 30));
      await client.stat('.');
      return client;
    });
    const released = { name: 'PipeError', code: 'ERR_PIPE_CLIENT_RELEASED' };
    for (const call of [as.stat('.'), as.readFile('x'), as.open('x'), as.user(), as.rm('x')])
      await expect(call).rejects.toMatchObject(released);
    const thrown = await new Promise<typeof as>((resolve) => {
      served
        .runAsClient((client) => {
          resolve(client);
          throw new Error('out');
        })
        .catch(() => {});
    });
    await new Promise((resolve) => setImmediate(resolve));
    await expect(thrown.stat('.')).rejects.toMatchObject(released);
  });

  it('refuses async functions that do not take the client, before calling them', async () => {
    let called = 0;
    await expect(
      served.runAsClient(async () => {
        called++;
      }),
    ).rejects.toMatchObject({
      name: 'PipeError',
      code: 'ERR_PIPE_ASYNC_WITHOUT_CLIENT',
      message: expect.stringContaining('async (as) =>'),
    });
    expect(called).toBe(0);
    expect(
      await served.runAsClient(async (...all) => {
        called++;
        await all[0].stat('.');
      }),
    ).toBeUndefined();
    expect(called).toBe(1);
  });

  it('refuses what is not a function', async () => {
    await expect(served.runAsClient('id' as never)).rejects.toMatchObject({ code: 'EINVAL' });
  });

  it('does everything on two connections at once', async () => {
    const other = (await acting()).served;
    const name = path.join(folder(), 'file');
    fs.writeFileSync(name, 'x'.repeat(1000));
    const reads = Array.from({ length: 200 }, (_, i) =>
      (i % 2 ? served : other).runAsClient(async (as) => {
        const text = await as.readFile(name, 'utf8');
        return text.length + (await as.stat(name)).size;
      }),
    );
    expect(new Set(await Promise.all(reads))).toEqual(new Set([2000]));
  });

  it('may be used inside itself', async () => {
    const other = (await acting()).served;
    const inner: Promise<string>[] = [];
    const outer = await served.runAsClient((as) => {
      inner.push(
        other.runAsClient(() => 'sync inside'),
        served.runAsClient(async (again) => typeof (await again.user()).name),
      );
      return as.stat('.').then((stats) => stats.isDirectory());
    });
    expect(outer).toBe(true);
    expect(await Promise.all(inner)).toEqual(['sync inside', 'string']);
  });

  it('goes on when the connection closes meanwhile, and cannot begin afterwards', async () => {
    const result = await served.runAsClient(async (as) => {
      served.destroy();
      await served.closed;
      return (await as.stat('.')).isDirectory();
    });
    expect(result).toBe(true);
    let called = false;
    await expect(
      served.runAsClient(() => {
        called = true;
      }),
    ).rejects.toMatchObject({ code: 'EPIPE' });
    await expect(served.peerUser()).rejects.toMatchObject({ code: 'EPIPE' });
    expect(called).toBe(false);
  });

  it('knows who the client is', async () => {
    const user = await served.peerUser();
    expect(user.name).toBe(userInfo().username);
    expect(await served.runAsClient((as) => as.user())).toEqual(user);
    const { name } = user;
    if (isLinux) {
      expect(user).toEqual({ name, uid: process.getuid!(), gid: process.getgid!(), groups: expect.any(Array) });
      // Node counts the effective group among them, the kernel does not.
      expect(new Set([...user.groups, user.gid])).toEqual(new Set(process.getgroups!()));
    } else {
      const groups = expect.arrayContaining(['S-1-1-0', 'S-1-5-11']); // Everyone, and who has logged on
      const known = { elevated: expect.any(Boolean), integrity: expect.stringMatching(/^(medium|high|system)$/) };
      const sid = expect.stringMatching(/^S-1-5-/);
      expect(user).toEqual({ name, domain: expect.any(String), sid, groups, ...known });
    }
  });
});

on(hasPipeSecurity, 'the operations of runAsClient', () => {
  // As the client, who is we ourselves, everything must be as with node:fs/promises.
  let served: PipeConnection;
  let at: string;
  const file = (name: string) => path.join(at, name);
  beforeEach(async () => {
    ({ served } = await acting());
    at = folder();
    fs.writeFileSync(file('text'), 'grüße\n');
    fs.mkdirSync(file('full/deep/deeper'), { recursive: true });
    fs.writeFileSync(file('full/deep/x'), '');
  });

  it('readFile', async () => {
    await served.runAsClient(async (as) => {
      expect(await as.readFile(file('text'))).toEqual(fs.readFileSync(file('text')));
      expect(await as.readFile(file('text'), 'utf8')).toBe('grüße\n');
      expect(await as.readFile(file('text'), { encoding: 'latin1', flag: 'r+' })).toBe(
        fs.readFileSync(file('text'), 'latin1'),
      );
      expect(await as.readFile(pathToFileURL(file('text')), { encoding: 'utf8' })).toBe('grüße\n');
      expect(await as.readFile(Buffer.from(file('text')), 'utf8')).toBe('grüße\n');
      const ofAnotherRealm: Uint8Array = runInNewContext(`new Uint8Array([${[...Buffer.from(file('text'))]}])`);
      expect(await as.readFile(ofAnotherRealm as Buffer, 'utf8')).toBe('grüße\n');
      expect(await as.readFile(file('full/deep/x'))).toEqual(Buffer.alloc(0));
      const large = Buffer.alloc(3_000_001, 'framepipe');
      fs.writeFileSync(file('large'), large);
      expect((await as.readFile(file('large'))).equals(large)).toBe(true);
    });
  });

  it('writeFile', async () => {
    await served.runAsClient(async (as) => {
      await as.writeFile(file('new'), 'one');
      expect(fs.readFileSync(file('new'), 'utf8')).toBe('one');
      await as.writeFile(file('new'), new Uint16Array([0x4141, 0x4242]));
      expect(fs.readFileSync(file('new'), 'utf8')).toBe('AABB');
      await as.writeFile(file('new'), '43', { flag: 'a', encoding: 'hex' });
      expect(fs.readFileSync(file('new'), 'utf8')).toBe('AABBC');
      await as.writeFile(file('private'), '', { mode: 0o600 });
      if (isLinux) expect(fs.statSync(file('private')).mode & 0o777).toBe(0o600);
      await expect(as.writeFile(file('new'), '', { flag: 'wx' })).rejects.toMatchObject({
        code: 'EEXIST',
        syscall: 'open',
      });
      await expect(as.writeFile(file('new'), 5 as never)).rejects.toMatchObject({ code: 'EINVAL' });
    });
  });

  it('open: a descriptor for node:fs', async () => {
    const fd = await served.runAsClient((as) => as.open(file('text'), 'r+'));
    const handle = { size: fs.fstatSync(fd).size, text: fs.readFileSync(fd, 'utf8') };
    expect(handle).toEqual({ size: 8, text: 'grüße\n' });
    expect(fs.writeSync(fd, 'more', 8)).toBe(4);
    fs.closeSync(fd);
    expect(fs.readFileSync(file('text'), 'utf8')).toBe('grüße\nmore');
    expect(() => fs.fstatSync(fd)).toThrow('EBADF');
    const made = await served.runAsClient((as) =>
      as.open(file('made'), fs.constants.O_CREAT | fs.constants.O_WRONLY, 0o640),
    );
    fs.closeSync(made);
    expect(fs.existsSync(file('made'))).toBe(true);
    await expect(served.runAsClient((as) => as.open(file('text'), 'rx'))).rejects.toMatchObject({ code: 'EINVAL' });
  });

  it('stat and lstat', async () => {
    if (isLinux) fs.symlinkSync('text', file('link'));
    await served.runAsClient(async (as) => {
      for (const name of isLinux ? ['text', 'full', 'link'] : ['text', 'full']) {
        for (const how of ['stat', 'lstat'] as const) {
          const ours = await as[how](file(name));
          const theirs = await fsp[how](file(name));
          const { atimeMs: _, atime: __, ...numbers } = theirs as fs.Stats & Record<string, unknown>;
          expect(ours).toMatchObject(numbers);
          for (const question of [
            'isFile',
            'isDirectory',
            'isSymbolicLink',
            'isFIFO',
            'isSocket',
            'isBlockDevice',
            'isCharacterDevice',
          ] as const)
            expect(ours[question]()).toBe(theirs[question]());
          expect(ours.mtime).toEqual(theirs.mtime);
        }
      }
    });
  });

  it('access', async () => {
    await served.runAsClient(async (as) => {
      expect(await as.access(file('text'))).toBeUndefined();
      expect(await as.access(file('text'), fs.constants.R_OK | fs.constants.W_OK)).toBeUndefined();
      expect(await as.access(file('full'), fs.constants.R_OK)).toBeUndefined();
      await expect(as.access(file('none'))).rejects.toMatchObject({
        code: 'ENOENT',
        syscall: 'access',
        path: file('none'),
      });
    });
  });

  it('readdir', async () => {
    await served.runAsClient(async (as) => {
      expect(await as.readdir(at)).toEqual(await fsp.readdir(at));
      const entries = await as.readdir(at, { withFileTypes: true });
      expect(entries.map((entry) => [entry.name, entry.parentPath, entry.isFile(), entry.isDirectory()])).toEqual(
        (await fsp.readdir(at, { withFileTypes: true })).map((entry) => [
          entry.name,
          at,
          entry.isFile(),
          entry.isDirectory(),
        ]),
      );
    });
  });

  it('mkdir', async () => {
    await served.runAsClient(async (as) => {
      expect(await as.mkdir(file('one'))).toBeUndefined();
      expect(await as.mkdir(file('a/b/c'), { recursive: true })).toBe(file('a'));
      expect(path.resolve((await as.mkdir(file('a/b/d/'), { recursive: true }))!)).toBe(file('a/b/d'));
      expect(await as.mkdir(file('a/b/c'), { recursive: true })).toBeUndefined();
      expect(fs.statSync(file('a/b/c')).isDirectory()).toBe(true);
    });
  });

  it('rm', async () => {
    if (isLinux) fs.symlinkSync(file('text'), file('full/deep/link'));
    await served.runAsClient(async (as) => {
      await expect(as.rm(file('full'))).rejects.toMatchObject({ code: 'ERR_FS_EISDIR' });
      await as.rm(file('full'), { recursive: true });
      expect(fs.existsSync(file('full'))).toBe(false);
      expect(fs.existsSync(file('text'))).toBe(true);
      await as.rm(file('full'), { force: true });
      await as.rm(file('text'));
      expect(fs.readdirSync(at)).toEqual([]);
    });
  });

  it('rm, however deep it goes', async () => {
    const deep = path.join(at, ...Array.from({ length: 300 }, () => 'deepdeep'.slice(0, isWindows ? 1 : 8)));
    fs.mkdirSync(deep, { recursive: true });
    await served.runAsClient((as) => as.rm(at, { recursive: true }));
    expect(fs.existsSync(at)).toBe(false);
  });

  it('rename', async () => {
    await served.runAsClient(async (as) => {
      await as.rename(file('text'), file('other'));
      expect(fs.readFileSync(file('other'), 'utf8')).toBe('grüße\n');
    });
  });

  it("fails with Node's codes", async () => {
    type Files = Pick<
      typeof fsp,
      'readFile' | 'writeFile' | 'stat' | 'lstat' | 'access' | 'readdir' | 'mkdir' | 'rm' | 'rename'
    >;
    const cases: ((files: Files) => Promise<unknown>)[] = [
      (f) => f.readFile(file('none')),
      (f) => f.readFile(file('full')),
      (f) => f.readFile(file('text/below')),
      (f) => f.writeFile(file('none/none'), ''),
      (f) => f.writeFile(file('full'), ''),
      (f) => f.stat(file('none')),
      (f) => f.lstat(file('none')),
      (f) => f.access(file('none')),
      (f) => f.readdir(file('none')),
      (f) => f.readdir(file('text')),
      (f) => f.mkdir(file('full')),
      (f) => f.mkdir(file('text'), { recursive: true }),
      (f) => f.mkdir(file('none/none')),
      (f) => f.rm(file('none')),
      (f) => f.rename(file('none'), file('new')),
      (f) => f.mkdir(file('text/below'), { recursive: true }),
      ...(isLinux ? [(f: Files) => f.rename(file('full'), file('full/deep/in'))] : []),
    ];
    const theirs = await Promise.all(cases.map((operation) => outcome(operation(fsp))));
    const ours = await served.runAsClient((as) =>
      Promise.all(cases.map((operation) => outcome(operation(as as unknown as Files)))),
    );
    expect(ours).toEqual(theirs);
    for (const result of theirs) expect(result).toHaveProperty('code');
  });

  it('fails with errors that name what was done to which file', async () => {
    await expect(served.runAsClient((as) => as.readFile(file('none')))).rejects.toMatchObject({
      name: 'PipeError',
      code: 'ENOENT',
      syscall: 'open',
      path: file('none'),
      message: `open ENOENT ${file('none')}: no such file or directory`,
      ...(isWindows ? { winerror: 2 } : { errno: -2 }),
    });
  });

  it('refuses paths that are none', async () => {
    await served.runAsClient(async (as) => {
      await expect(as.stat('a\0b')).rejects.toMatchObject({ code: 'EINVAL' });
      await expect(as.stat(5 as never)).rejects.toMatchObject({ code: 'EINVAL' });
      await expect(as.rename(at, 'a\0b')).rejects.toMatchObject({ code: 'EINVAL' });
    });
  });
});

on(isLinux, 'files that make others wait', () => {
  it('do not hold up other clients', async () => {
    const { served } = await acting();
    const fifo = path.join(folder(), 'fifo');
    expect(spawnSync('mkfifo', [fifo]).status).toBe(0);
    await served.runAsClient(async (as) => {
      await expect(as.readFile(fifo)).rejects.toMatchObject({ code: 'ENOTSUP' });
      await expect(as.writeFile(fifo, 'x')).rejects.toMatchObject({ code: 'ENXIO' });
      const reader = await as.open(fifo);
      const writer = fs.openSync(fifo, 'w'); // would wait for ever without a reader
      fs.writeSync(writer, 'through');
      fs.closeSync(writer);
      expect(fs.readFileSync(reader, 'utf8')).toBe('through');
      fs.closeSync(reader);
    });
  });

  it('leave no descriptor behind', async () => {
    const { served } = await acting();
    const open = () => fs.readdirSync('/proc/self/fd').length;
    await served.runAsClient((as) => as.stat('.'));
    const before = open();
    for (let i = 0; i < 50; i++) {
      await served.runAsClient(async (as) => {
        await as.readFile('/etc/hostname');
        await as.readdir('/');
        await as.readFile('/etc').catch(() => {});
      });
    }
    expect(open()).toBeLessThanOrEqual(before);
  });
});

on(hasPipeSecurity, 'a process that acts as a client', () => {
  const child = fileURLToPath(new URL('support/acting-child.js', import.meta.url));
  it.each([
    ['lives until the operation is done', 'alive', 0],
    ['does not live for a promise alone', 'idle', 13],
    ['ends at process.exit()', 'exit', 7],
    ['ends at an uncaught exception', 'throw', 1],
    ...(isLinux
      ? ([
          ['closes what a Worker opened and never got', 'descriptors', 0],
          ['closes what a Worker opened and was about to get', 'delivered', 0],
        ] as const)
      : []),
  ] as const)('%s', async (_, mode, expected) => {
    const running = start(process.execPath, [child, mode], mode === 'throw' ? 'ignore' : 'inherit');
    let output = '';
    running.stdout!.on('data', (data) => (output += data));
    const [code, signal] = await once(running, 'close');
    expect({ code, signal }).toEqual({ code: expected, signal: null });
    if (mode !== 'throw') expect(output.trim()).toBe('done');
  });
});

describe('on the wrong side', () => {
  it('there is nobody to act as', async () => {
    const { client } = await pair();
    let called = false;
    await expect(
      client.runAsClient(() => {
        called = true;
      }),
    ).rejects.toMatchObject({ code: 'ERR_PIPE_NOT_SERVER' });
    await expect(client.peerUser()).rejects.toMatchObject({ code: 'ERR_PIPE_NOT_SERVER' });
    expect(called).toBe(false);
  });
});

describe('async functions without the client', () => {
  const self = {
    async none() {},
    async 'a string (x)'() {},
    async [Symbol.for('computed (y)')]() {},
    async one(_as: unknown) {},
    async byDefault(_as: unknown = null) {},
    async [`computed ${((x) => x)('z')}`](_as = 1) {},
  };
  it.each<[string, (...args: never[]) => unknown]>([
    ['arrow', async () => {}],
    ['arrow with a comment', async (/* as */) => {}],
    // biome-ignore lint/complexity/useArrowFunction: function expressions are what is tested
    ['function expression', async function () {}],
    ['named function', async function named() {}],
    ['generator', async function* () {}],
    ['method', self.none],
    ['method with a name like parameters', self['a string (x)']],
    ['computed method', self[Symbol.for('computed (y)')]!],
    ['bound', self.none.bind(self)],
  ])('%s: refused', (_, fn) => {
    expect(takesNoClient(fn)).toBe(true);
  });

  it.each<[string, (...args: never[]) => unknown]>([
    ['not async', () => {}],
    ['not async, with a promise', () => Promise.resolve()],
    ['arrow', async (_as: unknown) => {}],
    ['arrow without parentheses', new Function('return async as => as')() as () => unknown],
    ['default', async (_as: unknown = 1) => {}],
    ['rest', async (..._all: unknown[]) => {}],
    ['destructured default', async ({ stat: _stat }: { stat?: unknown } = {}) => {}],
    [
      'arguments',
      async function () {
        // biome-ignore lint/complexity/noArguments: arguments are what is tested
        return arguments[0];
      },
    ],
    ['method', self.one],
    ['method with a default', self.byDefault],
    ['computed method with a default', self['computed z']!],
    ['bound with one left', self.one.bind(self)],
  ])('%s: accepted', (_, fn) => {
    expect(takesNoClient(fn)).toBe(false);
  });
});
