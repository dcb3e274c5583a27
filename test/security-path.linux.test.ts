// Whose file it is on Linux: a socket that somebody serves and a file that is no socket are never removed; the socket
// of a server that has died is.
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import net from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it, onTestFinished } from 'vitest';
import { connect, listen } from '../lib/index.ts';
import { start } from './support/clients.ts';
import { clientFor, next, serverFor, uniqueName } from './support/pipes.ts';
import { isRoot, on } from './support/system.ts';

const peerChild = fileURLToPath(new URL('support/peer-child.js', import.meta.url));
const TAKEN = { name: 'PipeError', code: 'EADDRINUSE', syscall: 'listen' };

function folder(): string {
  const name = fs.mkdtempSync(path.join(tmpdir(), 'framepipe-path-'));
  onTestFinished(() => fs.rmSync(name, { recursive: true, force: true }));
  return name;
}

/** The socket of a server that was killed. */
async function staleSocket(at: string): Promise<void> {
  const child = spawn(process.execPath, [peerChild, 'server-idle', at], { stdio: ['ignore', 'pipe', 'inherit'] });
  await once(child.stdout, 'data');
  child.kill('SIGKILL');
  await once(child, 'exit');
  expect(fs.lstatSync(at).isSocket()).toBe(true);
}

describe('a live socket', () => {
  it('of net stays, and its server sees nobody', async () => {
    const at = path.join(folder(), 'socket');
    let clients = 0;
    const server = net.createServer(() => clients++).listen(at);
    onTestFinished(() => void server.close());
    await once(server, 'listening');
    const before = fs.lstatSync(at).ino;
    for (let i = 0; i < 10; i++) await expect(listen(at)).rejects.toMatchObject(TAKEN);
    expect(fs.lstatSync(at).ino).toBe(before);
    const socket = net.connect(at);
    await once(socket, 'connect');
    socket.destroy();
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(clients).toBe(1); // those who tried to listen were no clients
  });

  it('of ours stays, and goes on', async () => {
    const server = await serverFor(uniqueName());
    for (let i = 0; i < 10; i++) await expect(listen(server.path)).rejects.toMatchObject(TAKEN);
    const client = await clientFor(server.path);
    await client.send(Buffer.from('hello'));
    expect(String(await (await next(server)).read())).toBe('hello');
    expect(server.stats().accepted).toBe(1);
  });
});

describe('a file that is no socket', () => {
  it.each<[string, (at: string) => void]>([
    ['a file', (at) => fs.writeFileSync(at, 'precious')],
    ['an empty file', (at) => fs.writeFileSync(at, '')],
    ['a folder', (at) => fs.mkdirSync(at)],
    ['a FIFO', (at) => void spawnSync('mkfifo', [at])],
    ['a link to nothing', (at) => fs.symlinkSync('nothing', at)],
    ['a link to another thing', (at) => fs.symlinkSync(process.execPath, at)],
  ])('%s stays as it is', async (_, make) => {
    const at = path.join(folder(), 'x');
    make(at);
    const before = fs.lstatSync(at);
    await expect(listen(at)).rejects.toMatchObject({ ...TAKEN, message: expect.stringContaining('it was left alone') });
    expect({ ...fs.lstatSync(at), atimeMs: 0, atime: 0 }).toEqual({ ...before, atimeMs: 0, atime: 0 });
    expect(fs.readdirSync(path.dirname(at)).filter((name) => name.includes('lock'))).toEqual([]);
  });
});

describe('the socket of a server that died', () => {
  it('is taken over, and nothing else is left behind', async () => {
    const at = path.join(folder(), 'socket');
    await staleSocket(at);
    await expect(connect(at)).rejects.toMatchObject({
      code: 'ECONNREFUSED',
      message: `connect ECONNREFUSED ${at}: the server has ended and left its socket behind`,
    });
    const server = await serverFor(at);
    const client = await clientFor(at);
    await client.send(Buffer.from('alive'));
    expect(String(await (await next(server)).read())).toBe('alive');
    await server.close();
    expect(fs.readdirSync(path.dirname(at))).toEqual([]);
  });

  it('is taken over by one of many who try', async () => {
    const at = path.join(folder(), 'socket');
    await staleSocket(at);
    const script = `import { listen } from 'framepipe';
      await listen(${JSON.stringify(at)}).then(() => console.log('won'), ({ code }) => console.log(code));
      process.stdin.on('end', () => process.exit()).resume();`;
    const children = Array.from({ length: 6 }, () =>
      spawn(process.execPath, ['--input-type=module', '--eval', script], {
        cwd: path.dirname(peerChild),
        stdio: ['pipe', 'pipe', 'inherit'],
      }),
    );
    const said = await Promise.all(children.map(async ({ stdout }) => String((await once(stdout, 'data'))[0]).trim()));
    const ended = children.map((child) => once(child, 'exit'));
    for (const child of children) child.stdin.end();
    await Promise.all(ended);
    expect(said.filter((word) => word === 'won')).toHaveLength(1);
    expect(new Set(said)).toEqual(new Set(['won', 'EADDRINUSE']));
  });
});

on(isRoot, 'the socket of a server that died, in a folder for all', () => {
  const asOther = (script: string) => {
    const code = `process.setgroups([]); process.setgid(34567); process.setuid(34567); ${script}`;
    return start(process.execPath, ['-e', code]);
  };
  it.each([
    ['a file', (lock: string) => `require('fs').writeFileSync(${lock}, 'precious')`],
    ['a folder', (lock: string) => `require('fs').mkdirSync(${lock})`],
    ['a link', (lock: string) => `require('fs').symlinkSync('/etc/passwd', ${lock})`],
    ['a FIFO', (lock: string) => `require('child_process').execFileSync('mkfifo', [${lock}])`],
  ])('is taken over whatever another user puts beside it: %s', async (_, put) => {
    const at = path.join(folder(), 'socket');
    fs.chmodSync(path.dirname(at), 0o1777);
    await staleSocket(at);
    const lock = JSON.stringify(`${at}.lock`);
    const other = asOther(`${put(lock)}; console.log('done')`);
    await once(other.stdout!, 'data');
    const server = await serverFor(at);
    const client = await clientFor(at);
    await client.send(Buffer.from('alive'));
    expect(String(await (await next(server)).read())).toBe('alive');
    await server.close();
  });
});

on(isRoot, "another user's dead socket", () => {
  it('stays, for it may not be ours to remove', async () => {
    const at = path.join(folder(), 'socket');
    await staleSocket(at);
    fs.chownSync(at, 12_345, 12_345);
    await expect(listen(at)).rejects.toMatchObject({ ...TAKEN, message: expect.stringContaining('another user') });
    expect(fs.lstatSync(at).uid).toBe(12_345);
  });
});

describe('closing', () => {
  it('removes the socket, also of a server that nobody closed but the end of the process', async () => {
    const at = path.join(folder(), 'socket');
    const server = await listen(at);
    await server.close();
    expect(fs.existsSync(at)).toBe(false);
    const script = `import { listen } from 'framepipe'; (await listen(${JSON.stringify(at)})).unref();`;
    spawnSync(process.execPath, ['--input-type=module', '--eval', script], { cwd: path.dirname(peerChild) });
    expect(fs.existsSync(at)).toBe(false);
  });

  it('removes no file that took the place of the socket', async () => {
    const at = path.join(folder(), 'socket');
    const server = await listen(at);
    fs.rmSync(at);
    fs.writeFileSync(at, 'precious');
    await server.close();
    expect(fs.readFileSync(at, 'utf8')).toBe('precious');
  });
});
