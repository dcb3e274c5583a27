// A process may end in any state and any way: by itself, with the right code, without a signal.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
import { describe, expect, it, onTestFinished } from 'vitest';
import { connect, listen } from '../lib/index.ts';
import { next, pair, pattern, readAll, uniqueName, until } from './support/pipes.ts';
import { isLinux, on } from './support/system.ts';

const child = fileURLToPath(new URL('support/lifecycle-child.js', import.meta.url));
const peer = fileURLToPath(new URL('support/peer-child.js', import.meta.url));

async function run(
  state: string,
  ending: string,
  env: NodeJS.ProcessEnv = {},
): Promise<{ code: number | null; signal: string | null; stderr: string }> {
  const process_ = spawn(process.execPath, [child, state, ending], {
    stdio: ['ignore', 'ignore', 'pipe'],
    env: { ...process.env, ...env },
  });
  let stderr = '';
  process_.stderr.on('data', (chunk) => {
    stderr += chunk;
  });
  const timer = setTimeout(() => process_.kill('SIGKILL'), 15_000);
  const [code, signal] = (await once(process_, 'close')) as [number | null, string | null];
  clearTimeout(timer);
  return { code, signal, stderr };
}

const states = [
  'loaded',
  'listening',
  'accepting',
  'connected',
  'readPending',
  'writePending',
  'closing',
  'unlistened',
  'waitingForServer',
  'clientActing',
  'busy',
];

describe.each(states)('a process that is %s', (state) => {
  it.each([
    ['unref', 0],
    ['close', 0],
    ['exit', 0],
    ['throw', 1],
    ['terminate', 0],
  ])('ends by %s', { timeout: 30_000 }, async (ending, code) => {
    const result = await run(state, ending);
    expect(result, result.stderr).toMatchObject({ code, signal: null });
  });
});

describe('a process that ends by process.exit()', () => {
  it('has sent what `send` had accepted', async () => {
    const name = uniqueName();
    const server = await listen(name);
    const source = `
      import { connect } from 'framepipe';
      const pipe = await connect(process.argv[1]);
      for (let i = 0; i < 10; i++) await pipe.send(Buffer.from('word ' + i));
      process.exit(0);`;
    const process_ = spawn(process.execPath, ['--input-type=module', '-e', source, name], {
      cwd: fileURLToPath(new URL('..', import.meta.url)),
      stdio: 'inherit',
    });
    const [code] = await once(process_, 'exit');
    expect(code).toBe(0);
    const served = await next(server);
    expect((await readAll(served)).map(String)).toEqual(Array.from({ length: 10 }, (_, i) => `word ${i}`));
    await server.close();
  });
});

on(isLinux, 'a socket', () => {
  it.each(['exit', 'throw', 'close', 'terminate'])(
    'leaves no file behind when its process ends by %s',
    async (ending) => {
      const folder = mkdtempSync(path.join(tmpdir(), 'framepipe-test-'));
      onTestFinished(() => rmSync(folder, { recursive: true }));
      await run('connected', ending, { TMPDIR: folder });
      expect(readdirSync(folder)).toEqual([]);
    },
  );
});

describe('a peer that is killed', () => {
  async function startPeer(name: string, role: string): Promise<ChildProcess> {
    const process_ = spawn(process.execPath, [peer, role, name], { stdio: ['ignore', 'pipe', 'inherit'] });
    await once(process_.stdout!, 'data');
    return process_;
  }

  it.each(['idle', 'sending', 'reading'])('while %s, as client: the server sees the end', async (role) => {
    const name = uniqueName();
    const server = await listen(name);
    const process_ = await startPeer(name, `client-${role}`);
    const served = await next(server);
    if (role === 'reading') served.send(pattern(4 << 20)).catch(() => {});
    if (role === 'sending') await served.read();
    process_.kill('SIGKILL');
    await readAll(served).catch((error) => expect(error.code).toBe('ERR_FRAME_TRUNCATED'));
    await served.closed.catch((error) => expect(error.code).toMatch(/EPIPE|ERR_FRAME_TRUNCATED/));
    await server.close();
  });

  it.each(['idle', 'sending', 'reading'])('while %s, as server: the client sees the end', async (role) => {
    const name = uniqueName();
    const process_ = await startPeer(name, `server-${role}`);
    const client = await connect(name);
    if (role === 'reading') client.send(pattern(4 << 20)).catch(() => {});
    if (role === 'sending') await client.read();
    process_.kill('SIGKILL');
    await readAll(client).catch((error) => expect(error.code).toBe('ERR_FRAME_TRUNCATED'));
    await client.closed.catch((error) => expect(error.code).toMatch(/EPIPE|ERR_FRAME_TRUNCATED/));
    if (process_.exitCode === null && process_.signalCode === null) await once(process_, 'exit');
    // Its name is free again, whatever it left behind.
    const server = await listen(name);
    await server.close();
  });
});

describe('workers', () => {
  it('may be terminated under load, again and again', { timeout: 60_000 }, async () => {
    for (let i = 0; i < 30; i++) {
      const worker = new Worker(new URL('support/lifecycle-child.js', import.meta.url), { argv: ['busy', 'signal'] });
      await once(worker, 'message');
      await worker.terminate();
    }
  });

  it('talk to each other and to the main thread', async () => {
    const name = uniqueName();
    const server = await listen(name);
    const worker = new Worker(new URL('support/peer-child.js', import.meta.url), { argv: ['client-sending', name] });
    const served = await next(server);
    expect((await served.read())!.length).toBe(1000);
    await worker.terminate();
    await readAll(served).catch(() => {});
    await served.closed.catch(() => {});
    await server.close();
  });
});

on(isLinux, 'descriptors', () => {
  const count = () => readdirSync('/proc/self/fd').length;

  it('are given back, however connections end', async () => {
    const name = uniqueName();
    const cycle = async (i: number) => {
      const server = await listen(name);
      const client = await connect(name);
      const served = await next(server);
      client.send(Buffer.from('x')).catch(() => {});
      if (i % 4 === 0) client.destroy();
      else if (i % 4 === 1) await client.close();
      else if (i % 4 === 2) served.destroy();
      await server.close({ connections: true });
      client.destroy();
      await client.closed.catch(() => {});
      await served.closed.catch(() => {});
    };
    for (let i = 0; i < 8; i++) await cycle(i);
    const before = count();
    for (let i = 0; i < 400; i++) await cycle(i);
    await until(() => count() <= before, 'all descriptors are given back');
  });

  it('are not left by attempts that fail', async () => {
    await connect(uniqueName()).catch(() => {});
    const { name } = await pair();
    const before = count();
    for (let i = 0; i < 200; i++) {
      await connect(uniqueName()).catch(() => {});
      await listen(name).catch(() => {});
    }
    expect(count()).toBe(before);
  });
});
