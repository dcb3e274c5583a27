// Every error that a user can meet: its code, what it is about, and a message that says the cause and the cure.
// Beside these: security-*.test.ts (who may not), framing.test.ts and decoder.test.ts (frames), impersonation*.test.ts.
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { inspect, promisify } from 'node:util';
import { describe, expect, it, onTestFinished } from 'vitest';
import { connect, framing, listen, type PipeConnection, PipeError } from '../lib/index.ts';
import { pipePath } from '../lib/name.ts';
import { clientFor, next, pair, serverFor, uniqueName } from './support/pipes.ts';
import { isLinux, isRoot, isWindows, on } from './support/system.ts';

const failure = (promise: Promise<unknown>): Promise<PipeError> =>
  promise.then(
    (value) => expect.fail(`resolved with ${inspect(value)}`),
    (error) => error,
  );

function folder(): string {
  const name = fs.mkdtempSync(path.join(tmpdir(), 'framepipe-errors-'));
  onTestFinished(() => fs.rmSync(name, { recursive: true, force: true }));
  return name;
}

describe('an error', () => {
  it('is a PipeError and an Error, with code, syscall, path and the number of the system', async () => {
    const name = uniqueName();
    const error = await failure(connect(name));
    expect(error).toBeInstanceOf(PipeError);
    expect(error).toBeInstanceOf(Error);
    expect(error.name).toBe('PipeError');
    expect(error.stack).toContain('errors.test.ts'); // where it was asked for
    expect({ ...error }).toEqual({
      name: 'PipeError',
      code: 'ENOENT',
      syscall: 'connect',
      path: pipePath(name),
      ...(isWindows ? { winerror: 2 } : { errno: -2 }),
    });
    expect(error.message).toMatch(`connect ENOENT ${pipePath(name)}`);
    expect(inspect(error)).toContain("code: 'ENOENT'");
  });
});

describe('connect', () => {
  it('to a pipe that stays busy: ETIMEDOUT', async () => {
    const path = await busyPipe();
    const error = await failure(connect(path, { timeout: 100 }));
    expect(error).toMatchObject({ code: 'ETIMEDOUT', syscall: 'connect', path, cause: { code: 'EAGAIN' } });
    expect(error.message).toBe(`connect ETIMEDOUT ${path}: the pipe was busy all the time (100 ms)`);
  });

  it('to a pipe that does not appear: ETIMEDOUT', async () => {
    const error = await failure(connect(uniqueName(), { waitForServer: true, timeout: 50 }));
    expect(error).toMatchObject({ code: 'ETIMEDOUT', cause: { code: 'ENOENT' } });
    expect(error.message).toContain('nobody served it (50 ms)');
  });

  it('in the wrong direction: EACCES on Windows; sockets have no direction to refuse', async () => {
    const server = await serverFor(uniqueName(), { direction: 'in' });
    if (isLinux) return void (await clientFor(server.path, { direction: 'in' }));
    expect(await failure(connect(server.path, { direction: 'in' }))).toMatchObject({
      code: 'EACCES',
      winerror: 5,
      message: expect.stringContaining('or not in this direction'),
    });
  });
});

// A pipe that takes nobody: on Windows all its instances are taken, on Linux its backlog is full.
async function busyPipe(): Promise<string> {
  const name = uniqueName();
  if (isWindows) {
    await serverFor(name, { maxInstances: 1 });
    await clientFor(name);
    return pipePath(name);
  }
  const script = `require('net').createServer().listen({ path: process.argv[1], backlog: 1 }, () => console.log('up'))`;
  const child = spawn(process.execPath, ['--eval', script, pipePath(name)], { stdio: ['ignore', 'pipe', 'inherit'] });
  onTestFinished(() => {
    child.kill('SIGKILL');
    fs.rmSync(pipePath(name), { force: true });
  });
  await once(child.stdout, 'data');
  child.kill('SIGSTOP');
  const clients: PipeConnection[] = [];
  onTestFinished(() => {
    for (const client of clients) client.destroy();
  });
  while (clients.length < 10) {
    try {
      clients.push(await connect(name, { timeout: 0 }));
    } catch {
      break;
    }
  }
  return pipePath(name);
}

describe('listen', () => {
  it('at a name that is taken: EADDRINUSE', async () => {
    const server = await serverFor(uniqueName());
    const error = await failure(listen(server.path));
    expect(error).toMatchObject({ code: 'EADDRINUSE', syscall: 'listen', path: server.path });
    expect(error.message).toBe(`listen EADDRINUSE ${server.path}: somebody serves this name already`);
  });
});

on(isLinux, 'listen on Linux', () => {
  it('in a folder that is not there: ENOENT', async () => {
    const at = path.join(folder(), 'missing/socket');
    const error = await failure(listen(at));
    expect(error).toMatchObject({ code: 'ENOENT', syscall: 'listen', path: at, errno: -2 });
    expect(error.message).toContain("the socket's directory does not exist");
  });

  it('with exclusive: false: ENOTSUP', async () => {
    const error = await failure(listen(uniqueName(), { exclusive: false }));
    expect(error.code).toBe('ENOTSUP');
    expect(error.message).toContain('exclusive: false is for Windows');
  });

  it('below a file: ENOTDIR', async () => {
    const file = path.join(folder(), 'file');
    fs.writeFileSync(file, '');
    expect(await failure(listen(path.join(file, 'socket')))).toMatchObject({ code: 'ENOTDIR', syscall: 'listen' });
    expect(await failure(connect(path.join(file, 'socket')))).toMatchObject({ code: 'ENOTDIR', syscall: 'connect' });
  });
});

on(isRoot, 'listen as a user', () => {
  it("in somebody else's folder: EACCES", async () => {
    const at = folder(); // 0700
    const script = `import { listen } from 'framepipe';
      process.setgid(12345);
      process.setuid(12345);
      await listen(process.argv[1]).catch(({ code, syscall, message }) => console.log(JSON.stringify({ code, syscall, message })));`;
    const { stdout } = await inNode(script, path.join(at, 'socket'));
    expect(JSON.parse(stdout)).toMatchObject({ code: 'EACCES', syscall: 'listen' });
  });
});

/** Runs a module in a Node of its own. */
const inNode = (script: string, ...args: string[]) =>
  promisify(execFile)(process.execPath, ['--input-type=module', '--eval', script, ...args], {
    cwd: fileURLToPath(new URL('.', import.meta.url)),
  });

on(isLinux, 'a process without descriptors', () => {
  it('is told: EMFILE, for listen and for connect', async () => {
    const server = await serverFor(uniqueName());
    const script = `import { connect, listen } from 'framepipe';
      import { openSync } from 'node:fs';
      try { for (;;) openSync('/dev/null'); } catch {}
      for (const attempt of [connect(process.argv[1]), listen(process.argv[1] + '-too')])
        await attempt.catch(({ code, syscall }) => console.log(syscall, code));`;
    const command = 'ulimit -n 64; exec "$0" --input-type=module --eval "$@"';
    const { stdout } = await promisify(execFile)('sh', ['-c', command, process.execPath, script, server.path], {
      cwd: fileURLToPath(new URL('.', import.meta.url)),
    });
    expect(stdout).toBe('connect EMFILE\nlisten EMFILE\n');
  });
});

describe('sending', () => {
  it('after the peer left: EPIPE, with why', async () => {
    const { client, served } = await pair();
    served.destroy();
    await client.closed;
    const error = await failure(client.send(Buffer.from('x')));
    expect(error).toMatchObject({ code: 'EPIPE', syscall: 'write', path: client.path });
    expect(error.message).toBe(`write EPIPE ${client.path}: the connection has ended`);
  });

  it('after closing: EPIPE, with whose doing it was', async () => {
    const { client } = await pair();
    const closing = client.close();
    expect((await failure(client.send(Buffer.from('x')))).message).toContain('this side closed the connection');
    await closing;
  });

  it('against the direction: EPIPE, with the option', async () => {
    const server = await serverFor(uniqueName(), { direction: 'in' });
    await clientFor(server.path, { direction: 'out' });
    const served = await next(server);
    const error = await failure(served.send(Buffer.from('x')));
    expect(error).toMatchObject({ code: 'EPIPE', syscall: 'write' });
    expect(error.message).toContain('direction');
  });

  it('what is no frame: ERR_INVALID_ARG_TYPE, with the cure', async () => {
    const { client } = await pair();
    const error = await failure(client.send('text' as unknown as Buffer));
    expect(error.code).toBe('ERR_INVALID_ARG_TYPE');
    expect(error.message).toContain("{ as: 'utf8' }");
  });

  it('what is too long: ERR_FRAME_TOO_LARGE, with the length and the limit', async () => {
    const { client } = await pair({ framing: framing.lengthPrefix({ maxFrameLength: 1000 }) });
    const error = await failure(client.send(Buffer.alloc(1001)));
    expect(error).toMatchObject({ code: 'ERR_FRAME_TOO_LARGE', declaredLength: 1001, limit: 1000 });
    expect(error.message).toContain('1001 bytes');
  });
});

on(isLinux, 'sending a message on Linux', () => {
  it('that the socket cannot take in one piece: an error that says so, and nothing is lost', async () => {
    const { client, served } = await pair({ framing: framing.message() });
    const error = await failure(client.send(Buffer.alloc(8 << 20)));
    expect(error).toMatchObject({ name: 'PipeError', code: expect.stringMatching(/^(EMSGSIZE|ERR_FRAME_TOO_LARGE)$/) });
    expect(error.message).toMatch(/message/);
    await client.send(Buffer.from('next'));
    expect(String(await served.read())).toBe('next');
  });
});

describe('an abort', () => {
  it('rejects with its reason, whatever that is', async () => {
    const reason = { any: 'thing' };
    const signal = AbortSignal.abort(reason);
    const { client, served } = await pair();
    served.send(Buffer.from('unread')).catch(() => {});
    for (const attempt of [
      () => connect(uniqueName(), { signal }),
      () => listen(uniqueName(), { signal }),
      () => client.read({ signal }),
      () => client.waitForDrain({ signal }),
    ])
      await expect(attempt()).rejects.toBe(reason);
    expect(String(await client.read())).toBe('unread');
  });
});
