// The ids of all threads are set while one of them acts as a client: by process.set*id(), by another copy of the package.
import { execFile, spawn } from 'node:child_process';
import fs from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, it, onTestFinished } from 'vitest';
import { clientAs } from './support/clients.ts';
import { packageParts } from './support/package-parts.js';
import { serverFor, uniqueName } from './support/pipes.ts';
import { isRoot, on } from './support/system.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
const child = path.join(root, 'test/support/set-ids-child.js');

function folder(): string {
  const name = fs.mkdtempSync(path.join(tmpdir(), 'framepipe-ids-'));
  fs.chmodSync(name, 0o755);
  onTestFinished(() => fs.rmSync(name, { recursive: true, force: true }));
  return name;
}

async function secretsRead(how: string, at: string): Promise<string> {
  const { stdout } = await promisify(execFile)(process.execPath, [child, how, at, uniqueName()]);
  return stdout.trim();
}

on(isRoot, 'while the client asks for what only root may read', () => {
  it.each(['setegid', 'seteuid', 'setuid', 'setgroups'])(
    'process.%s() lets it read nothing, and ends nothing',
    async (how) => {
      expect(await secretsRead(how, folder())).toBe('0 of 16000');
    },
  );

  it('a second copy of the package changes nobody but its own threads', async () => {
    const at = folder();
    for (const file of packageParts()) fs.cpSync(path.join(root, file), path.join(at, file), { recursive: true });
    expect(await secretsRead('copy', at)).toBe('0 of 6000');
  });
});

on(isRoot, 'inside runAsClient', () => {
  describe.each(['setuid', 'seteuid', 'setgid', 'setegid', 'setgroups', 'initgroups'] as const)(
    'process.%s',
    (name) => {
      it('is refused, and works again afterwards', async () => {
        const pipe = uniqueName();
        const server = await serverFor(pipe, { access: 'everyone' });
        const client = await clientAs(server, pipe, { uid: 12345, gid: 12345, groups: [] });
        const set = () => {
          const setter = (process as unknown as Record<string, (...args: unknown[]) => void>)[name]!;
          if (name === 'setgroups') setter([0]);
          else if (name === 'initgroups') setter('root', 0);
          else setter(0);
        };
        await client.runAsClient(() => {
          expect(set).toThrow(expect.objectContaining({ name: 'PipeError', code: 'EPERM' }));
          expect(process.geteuid!()).toBe(12345);
        });
        set();
        expect([process.geteuid!(), process.getegid!()]).toEqual([0, 0]);
      });
    },
  );

  describe.each(['kill', '_debugProcess'] as const)('process.%s', (name) => {
    it('is refused: it would signal as the server', async () => {
      const pipe = uniqueName();
      const server = await serverFor(pipe, { access: 'everyone' });
      const client = await clientAs(server, pipe, { uid: 12345, gid: 12345, groups: [] });
      const roots = spawn('sleep', ['100']);
      onTestFinished(() => void roots.kill('SIGKILL'));
      const signal = (process as unknown as Record<string, (...args: unknown[]) => unknown>)[name]!;
      await client.runAsClient(() => {
        const current = (process as unknown as Record<string, (...args: unknown[]) => unknown>)[name]!;
        expect(() => current.call(process, roots.pid, 'SIGTERM')).toThrow(
          expect.objectContaining({ name: 'PipeError', code: 'EPERM' }),
        );
      });
      expect([roots.exitCode, roots.signalCode]).toEqual([null, null]);
      expect(process.kill(roots.pid!, 0)).toBe(true);
      expect(signal).toBeTypeOf('function');
    });
  });
});
