// runAsClient for clients that are other users: what becoming somebody else on one thread must, and must not, do.
// The server is root; a server that is not runs in a process of its own.
import { exec, execFileSync, fork, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import fs, { accessSync, existsSync } from 'node:fs';
import inspector from 'node:inspector';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
import { beforeEach, expect, it, onTestFinished } from 'vitest';
import { connect, type PipeConnection } from '../lib/index.ts';
import { clientAs, type LinuxUser, start } from './support/clients.ts';
import { serverFor, uniqueName } from './support/pipes.ts';
import { isRoot, on } from './support/system.ts';

// Taken out of node:fs before any client is acted as: nobody notices that they are called.
const statBefore = fs.stat;
const readFileBefore = fs.promises.readFile;

const A: LinuxUser = { uid: 12345, gid: 12346, groups: [777, 12346] };
const B: LinuxUser = { uid: 65534, gid: 65534, groups: [65534] };

/** Real, effective, saved and file system ids, groups and capabilities: by /proc. */
function identityOf(task: string): Record<'uid' | 'gid' | 'groups' | 'capabilities', string> {
  const status = fs.readFileSync(`${task}/status`, 'utf8');
  const field = (name: string) => new RegExp(`^${name}:(.*)$`, 'm').exec(status)![1]!.trim().replaceAll('\t', ' ');
  return { uid: field('Uid'), gid: field('Gid'), groups: field('Groups'), capabilities: field('CapEff') };
}

const THIS_THREAD = '/proc/thread-self';
const ROOT = isRoot ? identityOf(THIS_THREAD) : undefined!;
const asServer = (user: LinuxUser) => ({
  uid: `0 ${user.uid} 0 ${user.uid}`,
  gid: `0 ${user.gid} 0 ${user.gid}`,
  groups: user.groups.join(' '),
  capabilities: '0000000000000000',
});

/** The other threads of this process, each different identity once. */
function otherThreads(): string[] {
  const own = path.basename(fs.readlinkSync(THIS_THREAD));
  const identities = new Set<string>();
  for (const thread of fs.readdirSync('/proc/self/task')) {
    if (thread === own) continue;
    try {
      identities.add(JSON.stringify(identityOf(`/proc/self/task/${thread}`)));
    } catch {} // it has ended
  }
  return [...identities];
}

const code = (act: () => unknown) => {
  try {
    act();
    return 'allowed';
  } catch (error) {
    return (error as NodeJS.ErrnoException).code;
  }
};
const codeOf = (promise: Promise<unknown>) =>
  promise.then(
    () => 'allowed',
    (error) => error.code,
  );

on(isRoot, 'clients that are other users', () => {
  let a: PipeConnection;
  let b: PipeConnection;
  let at: string;
  let onlyA: string;
  let onlyRoot: string;
  beforeEach(async () => {
    at = fs.mkdtempSync(path.join(tmpdir(), 'framepipe-as-'));
    onTestFinished(() => fs.rmSync(at, { recursive: true, force: true }));
    fs.chmodSync(at, 0o777);
    onlyA = path.join(at, 'only-a');
    fs.writeFileSync(onlyA, "A's", { mode: 0o600 });
    fs.chownSync(onlyA, A.uid, A.gid);
    onlyRoot = path.join(at, 'only-root');
    fs.writeFileSync(onlyRoot, "root's", { mode: 0o600 });
    const name = uniqueName();
    const server = await serverFor(name, { access: 'everyone' });
    a = await clientAs(server, name, A);
    b = await clientAs(server, name, B);
  });

  it("are not whom serverOwner: 'self' means while they are acted as", async () => {
    const theirs = uniqueName();
    const child = fileURLToPath(new URL('support/serving-child.js', import.meta.url));
    const server = spawn(process.execPath, [child, `${A.uid}`, theirs], { stdio: ['pipe', 'pipe', 'inherit'] });
    await once(server.stdout, 'data');
    const ours = await serverFor(uniqueName(), { access: 'everyone' });
    let attempts: Promise<PipeConnection>[] = [];
    await a.runAsClient(() => {
      attempts = [theirs, ours.path].map((name) => connect(name, { serverOwner: 'self' }));
    });
    expect(await codeOf(attempts[0]!)).toBe('ERR_PIPE_UNTRUSTED_SERVER');
    expect(await codeOf(attempts[1]!)).toBe('allowed');
    (await attempts[1]!).destroy();
    server.stdin.end();
    await once(server, 'exit');
  });

  it('are who connected', async () => {
    expect(a.peer).toMatchObject({ uid: A.uid, gid: A.gid });
    expect(await a.peerUser()).toEqual({ name: '12345', uid: A.uid, gid: A.gid, groups: A.groups });
    expect(await b.peerUser()).toEqual({
      name: execFileSync('id', ['-nu', '65534']).toString().trim(),
      uid: B.uid,
      gid: B.gid,
      groups: B.groups,
    });
  });

  it('read what they may, and nothing else', async () => {
    expect(await a.runAsClient((as) => as.readFile(onlyA, 'utf8'))).toBe("A's");
    expect(await a.runAsClient(() => fs.readFileSync(onlyA, 'utf8'))).toBe("A's");
    await expect(b.runAsClient((as) => as.readFile(onlyA))).rejects.toMatchObject({
      code: 'EACCES',
      errno: -13,
      syscall: 'open',
      path: onlyA,
    });
    await expect(b.runAsClient(() => fs.readFileSync(onlyA))).rejects.toMatchObject({ code: 'EACCES' });
    for (const client of [a, b]) {
      expect(await codeOf(client.runAsClient((as) => as.open(onlyRoot)))).toBe('EACCES');
      expect(await codeOf(client.runAsClient(() => fs.openSync(onlyRoot, 'r')))).toBe('EACCES');
    }
    expect(fs.readFileSync(onlyA, 'utf8')).toBe("A's");
  });

  it('are asked for their own rights by every question', async () => {
    const inside = path.join(at, 'folder', 'file');
    fs.mkdirSync(path.dirname(inside), { mode: 0o700 });
    fs.writeFileSync(inside, '');
    fs.chownSync(path.dirname(inside), A.uid, A.gid);
    const { R_OK, W_OK } = fs.constants;
    const original = fs.accessSync;
    for (const [client, may] of [
      [a, true],
      [b, false],
    ] as const) {
      const answers = await client.runAsClient(() => [
        code(() => accessSync(onlyA, R_OK | W_OK)), // imported by name
        code(() => fs.accessSync(onlyA, R_OK)),
        existsSync(inside),
        fs.existsSync(inside),
        code(() => fs.statSync(inside)),
      ]);
      expect(answers).toEqual(
        may ? ['allowed', 'allowed', true, true, 'allowed'] : ['EACCES', 'EACCES', false, false, 'EACCES'],
      );
      expect(await codeOf(client.runAsClient((as) => as.access(onlyA, R_OK)))).toBe(may ? 'allowed' : 'EACCES');
      expect(await codeOf(client.runAsClient((as) => as.readdir(path.dirname(inside))))).toBe(
        may ? 'allowed' : 'EACCES',
      );
      expect(await codeOf(client.runAsClient((as) => as.stat(inside)))).toBe(may ? 'allowed' : 'EACCES');
    }
    expect(fs.accessSync).toBe(original);
    expect([existsSync(inside), code(() => accessSync(onlyA, R_OK))]).toEqual([true, 'allowed']);
  });

  it('have their groups', async () => {
    const forGroup = path.join(at, 'for-777');
    fs.writeFileSync(forGroup, '', { mode: 0o640 });
    fs.chownSync(forGroup, 0, 777);
    expect(await codeOf(a.runAsClient((as) => as.readFile(forGroup)))).toBe('allowed');
    expect(await codeOf(a.runAsClient(() => fs.readFileSync(forGroup)))).toBe('allowed');
    expect(await codeOf(b.runAsClient((as) => as.readFile(forGroup)))).toBe('EACCES');
  });

  it('are not let into /proc, where the kernel takes every thread for the server', async () => {
    const closed = path.join(at, 'closed');
    fs.mkdirSync(closed, { mode: 0o700 });
    const inside = path.join(closed, 'for-all');
    fs.writeFileSync(inside, "server's");
    fs.chmodSync(inside, 0o666);
    const [file, folder] = [fs.openSync(inside, 'r+'), fs.openSync(closed, 'r')];
    onTestFinished(() => [file, folder].forEach(fs.closeSync));
    const link = path.join(at, 'link');
    fs.symlinkSync(`/proc/self/fd/${folder}`, link);
    const files = [`/proc/self/fd/${file}`, `/dev/fd/${file}`, `${link}/for-all`, '/proc/self/maps', '/proc/self/cwd'];
    await a.runAsClient(async (as) => {
      for (const name of files) {
        for (const attempt of [
          as.readFile(name),
          as.writeFile(name, 'forged', { flag: 'r+' }),
          as.open(name),
          as.stat(name),
          as.access(name),
          as.rename(name, path.join(at, 'taken')),
        ])
          expect(await codeOf(attempt), name).toMatch(/EACCES|ELOOP/);
      }
      for (const name of [link, '/proc/self/fd', '/proc/self', '/proc/self/root', '/proc'])
        expect(await codeOf(as.readdir(name)), name).toMatch(/EACCES|ELOOP/);
      expect(await codeOf(as.mkdir(`${link}/new`))).toBe('ELOOP');
      expect(await codeOf(as.rm(`${link}/for-all`))).toBe('ELOOP');
      expect((await as.lstat(link)).isSymbolicLink()).toBe(true);
      await expect(as.lstat('/proc/self')).rejects.toMatchObject({ code: 'EACCES' });
    });
    expect(fs.readFileSync(inside, 'utf8')).toBe("server's");
  });

  it('have a tree removed that is deeper than any path, folder by folder and not by paths', async () => {
    const tree = path.join(at, 'tree');
    fs.mkdirSync(tree);
    const make = `for (let i = 0; i < 40; i++) {
      fs.mkdirSync('x'.repeat(200));
      process.chdir('x'.repeat(200));
      fs.writeFileSync('file', '');
    }`;
    execFileSync(process.execPath, ['-e', make], { cwd: tree });
    execFileSync('chown', ['-R', `${A.uid}`, tree]);
    await a.runAsClient((as) => as.rm(tree, { recursive: true }));
    expect(fs.existsSync(tree)).toBe(false);
  });

  it('own what they make, and remove only what they may', async () => {
    const mine = path.join(at, 'mine');
    await a.runAsClient(async (as) => {
      await as.mkdir(path.join(mine, 'deep'), { recursive: true });
      await as.writeFile(path.join(mine, 'deep', 'file'), 'x');
      fs.closeSync(await as.open(path.join(mine, 'opened'), 'w'));
      expect(await codeOf(as.rename(onlyRoot, path.join(mine, 'file')))).toBe('allowed'); // the folder is for all
    });
    for (const name of ['', 'deep', 'deep/file', 'opened'])
      expect(fs.statSync(path.join(mine, name))).toMatchObject({ uid: A.uid, gid: A.gid });
    expect(await codeOf(b.runAsClient((as) => as.rm(mine, { recursive: true })))).toBe('EACCES');
    expect(await codeOf(b.runAsClient((as) => as.writeFile(path.join(mine, 'deep', 'file'), 'y')))).toBe('EACCES');
    const roots = path.join(mine, 'roots');
    fs.mkdirSync(roots);
    fs.writeFileSync(path.join(roots, 'file'), '');
    fs.symlinkSync(roots, path.join(mine, 'link'));
    expect(await codeOf(a.runAsClient((as) => as.rm(mine, { recursive: true })))).toBe('EACCES');
    expect(fs.existsSync(path.join(roots, 'file'))).toBe(true);
  });

  it('are only the thread that acts, with its effective ids alone, and it is itself afterwards', async () => {
    for (const [client, user] of [
      [a, A],
      [b, B],
    ] as const) {
      const { self, others } = await client.runAsClient(() => ({
        self: identityOf(THIS_THREAD),
        others: otherThreads(),
      }));
      expect(self).toEqual(asServer(user));
      expect(others).toEqual([JSON.stringify(ROOT)]);
      expect(identityOf(THIS_THREAD)).toEqual(ROOT);
    }
  });

  it('are nobody any more after an exception', async () => {
    for (const thrown of [new Error('x'), null, 'text']) {
      await expect(
        a.runAsClient(() => {
          throw thrown;
        }),
      ).rejects.toBe(thrown);
      expect(identityOf(THIS_THREAD)).toEqual(ROOT);
    }
  });

  it('are nobody in whatever runs later', async () => {
    const seen: Promise<string>[] = [];
    const later = (schedule: (callback: () => void) => void) =>
      seen.push(new Promise((resolve) => schedule(() => resolve(identityOf(THIS_THREAD).uid))));
    await a.runAsClient(async (as) => {
      later(queueMicrotask);
      later(process.nextTick);
      later(setImmediate);
      later((callback) => setTimeout(callback, 0));
      later((callback) => Promise.resolve().then(callback));
      later((callback) => statBefore('/', callback));
      await null;
      later((callback) => callback());
      await as.stat('/');
      later((callback) => callback());
    });
    expect(new Set(await Promise.all(seen))).toEqual(new Set([ROOT.uid]));
  });

  it('leave the server its own reads, on all its other threads, at the same time', async () => {
    const counts = new Int32Array(new SharedArrayBuffer(12));
    const worker = new Worker(
      `const { workerData: { counts, file } } = require('node:worker_threads');
       const fs = require('node:fs');
       while (Atomics.load(counts, 2) === 0) {
         try { fs.readFileSync(file); Atomics.add(counts, 0, 1); } catch { Atomics.add(counts, 1, 1); }
         Atomics.notify(counts, 0);
       }`,
      { eval: true, workerData: { counts, file: onlyRoot } },
    );
    Atomics.wait(counts, 0, 0, 5000);
    const pool: Promise<string>[] = [];
    // While this thread is A, and the impersonation thread is B.
    const refused = Array.from({ length: 100 }, () => codeOf(b.runAsClient((as) => as.readFile(onlyRoot))));
    await a.runAsClient(() => {
      const before = Atomics.load(counts, 0);
      for (let i = 0; i < 50; i++) pool.push(codeOf(readFileBefore(onlyRoot)));
      const until = performance.now() + 300;
      while (performance.now() < until) expect(code(() => fs.readFileSync(onlyRoot))).toBe('EACCES');
      expect(Atomics.load(counts, 0)).toBeGreaterThan(before);
    });
    Atomics.store(counts, 2, 1);
    await once(worker, 'exit');
    expect(Atomics.load(counts, 1)).toBe(0);
    expect(new Set(await Promise.all(pool))).toEqual(new Set(['allowed']));
    expect(new Set(await Promise.all(refused))).toEqual(new Set(['EACCES']));
    expect(code(() => fs.readFileSync(onlyRoot))).toBe('allowed');
  });

  it('do not pass themselves on to processes', async () => {
    const children: number[] = [];
    const keep = (child: ReturnType<typeof spawn>) => {
      children.push(child.pid!);
      onTestFinished(() => void child.kill('SIGKILL'));
    };
    await a.runAsClient(() => {
      keep(spawn('sleep', ['100']));
      keep(exec('exec sleep 100'));
      keep(fork(fileURLToPath(import.meta.url), { execPath: '/bin/sleep', execArgv: ['100'], stdio: 'ignore' }));
      for (const child of children) expect(identityOf(`/proc/${child}`)).toEqual(ROOT);
      expect(execFileSync('cat', [onlyRoot]).toString()).toBe("root's");
      expect(spawnSync('/nonexistent').error).toMatchObject({ code: 'ENOENT' });
      expect(identityOf(THIS_THREAD)).toEqual(asServer(A));
      expect(code(() => fs.readFileSync(onlyRoot))).toBe('EACCES');
    });
    expect(children).toHaveLength(3);
  });

  it('do not pass themselves on to Workers', async () => {
    let worker!: Worker;
    await a.runAsClient(() => {
      worker = new Worker(
        `require('node:worker_threads').parentPort.postMessage(require('node:fs').readFileSync(${JSON.stringify(onlyRoot)}, 'utf8'))`,
        {
          eval: true,
        },
      );
      expect(otherThreads()).toEqual([JSON.stringify(ROOT)]); // at once, not only afterwards
      expect(identityOf(THIS_THREAD)).toEqual(asServer(A));
      expect(() => new Worker('', { eval: true, workerData: () => {} })).toThrow('could not be cloned');
      expect(identityOf(THIS_THREAD)).toEqual(asServer(A));
    });
    const exit = once(worker, 'exit');
    expect((await once(worker, 'message'))[0]).toBe("root's");
    await exit;
  });

  it('do not pass themselves on to threads that native code makes', async () => {
    const session = new inspector.Session();
    session.connect();
    onTestFinished(() => session.disconnect());
    const during = await a.runAsClient(() => {
      session.post('Profiler.enable');
      session.post('Profiler.start'); // V8 makes a thread for it
      return otherThreads().length;
    });
    expect(during).toBe(2); // there is one to be taken back
    expect(otherThreads()).toEqual([JSON.stringify(ROOT)]);
    expect(identityOf(THIS_THREAD)).toEqual(ROOT);
  });

  it('may be used inside one another', async () => {
    const uid = () => identityOf(THIS_THREAD).uid;
    const seen: string[] = [];
    const inner: Promise<void>[] = [];
    await a.runAsClient(async (as) => {
      seen.push(uid());
      inner.push(b.runAsClient(() => void seen.push(uid())));
      seen.push(uid());
      await as.readFile(onlyA);
      await b.runAsClient(async (other) => {
        seen.push(uid());
        expect(await codeOf(other.readFile(onlyA))).toBe('EACCES');
        expect(await codeOf(as.readFile(onlyA))).toBe('allowed');
      });
      seen.push(uid());
    });
    await Promise.all(inner);
    const [isA, isB] = [asServer(A).uid, asServer(B).uid];
    expect(seen).toEqual([isA, isA, isB, isB, ROOT.uid]);
  });

  it('are still who they were when they are gone', async () => {
    await a.runAsClient(async (as) => {
      await as.stat('/'); // from here on this is the server
      process.kill(a.peer.pid!, 'SIGKILL');
      await a.read().catch(() => {});
      expect(await as.readFile(onlyA, 'utf8')).toBe("A's");
      expect(await codeOf(as.readFile(onlyRoot))).toBe('EACCES');
      expect(await as.user()).toEqual({ name: '12345', uid: A.uid, gid: A.gid, groups: A.groups });
    });
  });

  it('can be acted as a thousand times without leaving anything behind', async () => {
    const count = () => [fs.readdirSync('/proc/self/fd').length, fs.readdirSync('/proc/self/task').length];
    await a.runAsClient((as) => as.stat('/'));
    const before = count();
    for (let i = 0; i < 1000; i++) {
      await (i % 2 ? a : b).runAsClient((as) => (i % 3 ? as.stat('/') : fs.statSync('/')));
    }
    expect(count()).toEqual(before);
    expect(identityOf(THIS_THREAD)).toEqual(ROOT);
  });
});

on(!isRoot, 'without root', () => {
  it('an own client is acted as without becoming anybody', async () => {
    const name = uniqueName();
    const server = await serverFor(name);
    const client = await clientAs(server, name);
    const own = identityOf(THIS_THREAD);
    expect(await client.runAsClient(() => identityOf(THIS_THREAD))).toEqual(own);
    expect(await client.runAsClient((as) => as.user())).toMatchObject({ uid: process.getuid!() });
    expect(identityOf(THIS_THREAD)).toEqual(own);
  });
});

on(isRoot, 'a server that is not root', () => {
  it('acts as its own clients, and is refused for others before anything is called', async () => {
    const server = start(process.execPath, [
      fileURLToPath(new URL('support/unprivileged-server.js', import.meta.url)),
      uniqueName(),
    ]);
    let output = '';
    server.stdout!.on('data', (data) => (output += data));
    await once(server, 'close');
    expect(JSON.parse(output)).toEqual({
      1000: { sync: 1000, async: true, user: 1000 },
      0: {
        code: 'ERR_PIPE_CANNOT_IMPERSONATE',
        errno: -1,
        message: expect.stringContaining('CAP_SETUID and CAP_SETGID'),
        called: false,
        user: 0,
      },
    });
  });
});
