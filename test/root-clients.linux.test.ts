// Clients that are root, but may do less than this server: as the root of a container.
import fs from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it, onTestFinished } from 'vitest';
import type { PipeConnection } from '../lib/index.ts';
import { start } from './support/clients.ts';
import { next, serverFor, uniqueName } from './support/pipes.ts';
import { isRoot, on } from './support/system.ts';

const childPath = fileURLToPath(new URL('support/client-child.js', import.meta.url));

/** A client that is started by `setpriv` with these arguments. */
async function rootClient(...privileges: string[]): Promise<PipeConnection> {
  const name = uniqueName();
  const server = await serverFor(name, { access: 'everyone' });
  start('setpriv', [...privileges, process.execPath, childPath, name]);
  const client = await next(server);
  await client.read();
  expect(client.peer.uid).toBe(0);
  return client;
}

function fileOf(uid: number): string {
  const folder = fs.mkdtempSync(path.join(tmpdir(), 'framepipe-root-'));
  onTestFinished(() => fs.rmSync(folder, { recursive: true, force: true }));
  fs.chmodSync(folder, 0o755);
  const file = path.join(folder, 'file');
  fs.writeFileSync(file, 'private', { mode: 0o600 });
  fs.chownSync(file, uid, uid);
  return file;
}

const capabilities = () => /^CapEff:\s*(\w+)/m.exec(fs.readFileSync('/proc/thread-self/status', 'utf8'))![1];

on(isRoot, 'a client that is root', () => {
  it('without capabilities reads what is its own, and nothing else', async () => {
    const client = await rootClient('--bounding-set=-all', '--inh-caps=-all', '--clear-groups');
    const [own, others] = [fileOf(0), fileOf(12345)];
    expect(await client.runAsClient((as) => as.readFile(own, 'utf8'))).toBe('private');
    expect(await client.runAsClient(() => fs.readFileSync(own, 'utf8'))).toBe('private');
    await expect(client.runAsClient((as) => as.readFile(others))).rejects.toMatchObject({ code: 'EACCES' });
    await expect(client.runAsClient(() => fs.readFileSync(others))).rejects.toMatchObject({ code: 'EACCES' });
    expect(await client.runAsClient(capabilities)).toBe('0000000000000000');
    expect(fs.readFileSync(others, 'utf8')).toBe('private');
  });

  it('with some has those', async () => {
    const client = await rootClient('--bounding-set=-all,+dac_read_search', '--inh-caps=-all', '--clear-groups');
    const others = fileOf(12345);
    expect(await client.runAsClient((as) => as.readFile(others, 'utf8'))).toBe('private');
    await expect(client.runAsClient((as) => as.writeFile(others, 'x'))).rejects.toMatchObject({ code: 'EACCES' });
    expect(await client.runAsClient(capabilities)).toBe('0000000000000004');
  });

  it('with all has all', async () => {
    const client = await rootClient('--clear-groups');
    const [own, others] = [capabilities(), fileOf(12345)];
    expect(await client.runAsClient((as) => as.readFile(others, 'utf8'))).toBe('private');
    expect(await client.runAsClient(capabilities)).toBe(own);
  });
});
