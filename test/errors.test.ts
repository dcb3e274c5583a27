// What errors carry, and those that take a process of their own. Which call fails with what: failures.test.ts.
// Beside these: security-*.test.ts (who may not), framing.test.ts and decoder.test.ts (frames), impersonation*.test.ts.
import { execFile } from 'node:child_process';
import fs from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { inspect, promisify } from 'node:util';
import { describe, expect, it, onTestFinished } from 'vitest';
import { connect, framing, listen, PipeError } from '../lib/index.ts';
import { pipePath } from '../lib/name.ts';
import { pair, serverFor, uniqueName } from './support/pipes.ts';
import { isLinux, isWindows, on } from './support/system.ts';

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

on(isLinux, 'listen on Linux', () => {
  it('below a file: ENOTDIR', async () => {
    const file = path.join(folder(), 'file');
    fs.writeFileSync(file, '');
    expect(await failure(listen(path.join(file, 'socket')))).toMatchObject({ code: 'ENOTDIR', syscall: 'listen' });
    expect(await failure(connect(path.join(file, 'socket')))).toMatchObject({ code: 'ENOTDIR', syscall: 'connect' });
  });
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
