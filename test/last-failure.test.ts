// A server that cannot let clients in says why in its stats.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { expect, it, onTestFinished } from 'vitest';
import { pipePath } from '../lib/name.ts';
import { clientFor, next, pair, serverFor, uniqueName, until } from './support/pipes.ts';
import { isLinux, isWindows, on } from './support/system.ts';

it('a server to which nothing happened has no failure', async () => {
  const { server } = await pair();
  expect(server.stats()).toEqual({ accepted: 1, open: 1, waiting: 0 });
});

on(isLinux, 'a server without descriptors', () => {
  it('has lastFailure: EMFILE, also when it goes on, and when it is closed', async () => {
    const name = uniqueName();
    const script = `import { listen } from 'framepipe';
      import { closeSync, openSync } from 'node:fs';
      import { setTimeout as pause } from 'node:timers/promises';
      const server = await listen(process.argv[1]);
      const show = () => {
        const { lastFailure: failure, accepted } = server.stats();
        console.log(failure?.name, failure?.code, failure?.syscall, failure?.path === server.path, accepted);
      };
      const files = [];
      try { for (;;) files.push(openSync('/dev/null')); } catch {}
      console.log('full');
      while (!server.stats().lastFailure) await pause(5);
      show();
      files.forEach(closeSync);
      for await (const client of server) break;
      show();
      await server.close({ connections: true });
      show();`;
    const command = 'ulimit -n 64; exec "$0" --input-type=module --eval "$@"';
    const child = spawn('sh', ['-c', command, process.execPath, script, name], {
      cwd: fileURLToPath(new URL('.', import.meta.url)),
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    onTestFinished(() => void child.kill());
    const ended = once(child, 'exit');
    const lines: string[] = [];
    const reader = createInterface(child.stdout).on('line', (line) => lines.push(line));
    const closed = once(reader, 'close');
    await until(() => lines.includes('full'), 'the server has no descriptor left');
    await clientFor(name); // the system lets it in, the server cannot
    expect(await ended).toEqual([0, null]);
    await closed;
    const failure = 'PipeError EMFILE accept true';
    expect(lines).toEqual(['full', `${failure} 0`, `${failure} 1`, `${failure} 1`]);
  });
});

on(isWindows, 'a server whose name has no instance left', () => {
  it('has lastFailure: EAGAIN', async () => {
    const { ForeignServer, ourOwner } = await import('./support/witness.ts');
    const path = pipePath(uniqueName());
    // Another program of this user, which said that there may be three. One is what holds the name.
    new ForeignServer(path, { maxInstances: 3, sddl: `O:${ourOwner}D:P(A;;FA;;;${ourOwner})` });
    const server = await serverFor(path, { exclusive: false, pendingInstances: 1 });
    expect(server.stats().lastFailure).toBeUndefined();
    await clientFor(path);
    await clientFor(path);
    await next(server);
    await until(() => server.stats().lastFailure !== undefined, 'it makes no further instance');
    expect(server.stats().lastFailure).toMatchObject({
      name: 'PipeError',
      code: 'EAGAIN',
      syscall: 'accept',
      winerror: 231,
      path: server.path,
      message: expect.stringContaining('other servers of this name'),
    });
  });
});
