// The examples, run as a reader of the README runs them.
import { chmod, chown, cp, mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { packageParts } from './support/package-parts.js';
import { uniqueName, until } from './support/pipes.ts';
import { root, start, temporaryFolder } from './support/programs.ts';
import { isLinux, isRoot, on } from './support/system.ts';

describe('read-file-as-client', () => {
  it('prints the file in four client processes', async () => {
    const demo = start(path.join(root, 'examples/read-file-as-client/demo.js'), []);
    expect(await demo.ended, demo.output).toBe(0);
    expect(demo.output.match(/Files are read as the client: .* – Grüße, 世界!/g)).toHaveLength(4);
    expect(demo.output.match(/Reading file: .*textfile\.txt for client \d as user: \S+\./g)).toHaveLength(4);
    expect(demo.output).toContain('Client processes finished, exiting.');
    expect(demo.output).toContain('No clients left, exiting.');
  });

  it('tells a client why it does not get its file', async () => {
    const name = uniqueName();
    const server = start(path.join(root, 'examples/read-file-as-client/server.js'), ['--pipe', name, '--clients', '1']);
    const client = start(path.join(root, 'examples/read-file-as-client/client.js'), [
      path.join(root, 'no-such-file'),
      '--pipe',
      name,
      '--clients',
      '1',
    ]);
    expect(await client.ended, client.output).toBe(0);
    expect(client.output).toMatch(/ERROR: .*ENOENT/);
    expect(await server.ended).toBe(0);
  });
});

on(isLinux && isRoot, 'read-file-as-client, with clients of two users', () => {
  const A = 12_345;
  const B = 23_456;

  // A folder of its own, for these users may not read root's.
  async function readableCopy(): Promise<string> {
    const folder = await temporaryFolder();
    await chmod(folder, 0o755);
    for (const part of [...packageParts(), 'examples'])
      await cp(path.join(root, part), path.join(folder, part), { recursive: true });
    // The examples import the package by its own name, from the folder that they are in.
    await mkdir(path.join(folder, 'private'), { mode: 0o755 });
    return folder;
  }

  it("delivers A's file to A, and refuses it to B", async () => {
    const folder = await readableCopy();
    const secret = path.join(folder, 'private/for-a-only.txt');
    await writeFile(secret, "A's secret");
    await chown(secret, A, A);
    await chmod(secret, 0o400);
    const name = uniqueName();
    const example = (file: string) => path.join(folder, 'examples/read-file-as-client', file);
    const server = start(example('server.js'), ['--pipe', name, '--clients', '2'], { cwd: folder });
    const ask = (user: number) =>
      start(example('client.js'), [secret, '--pipe', name, '--spawnclient'], { uid: user, gid: user, cwd: folder });

    await until(() => server.output.includes('Waiting for clients'), 'the server listens');
    const [a, b] = [ask(A), ask(B)];
    expect(await a.ended, a.output).toBe(0);
    expect(await b.ended, b.output).toBe(0);
    expect(a.output.trim()).toBe("A's secret");
    expect(b.output).toMatch(/EACCES/);
    expect(b.output).not.toContain('secret"');
    expect(await server.ended, server.output).toBe(0);
    expect(server.output).toContain(`as user: ${A}`);
    expect(server.output).toContain(`as user: ${B}`);
  });
});

describe('chat', () => {
  it('lets everybody write when they like', async () => {
    const name = uniqueName();
    const server = start(path.join(root, 'examples/chat/server.js'), ['--pipe', name]);
    await until(() => server.output.includes('Chatting on'), 'the server listens');
    const clients = [1, 2].map(() => start(path.join(root, 'examples/chat/client.js'), ['--pipe', name]));
    await until(() => (server.output.match(/joined/g) ?? []).length === 2, 'both are there');
    server.process.stdin!.write('welcome\n');
    for (const [i, client] of clients.entries()) client.process.stdin!.write(`hello from ${i}\n`);
    await until(() => clients.every((client) => client.output.includes('server: welcome')), 'the welcome is read');
    await until(() => clients[0]!.output.includes('hello from 1'), 'the first reads the second');
    await until(() => clients[1]!.output.includes('hello from 0'), 'the second reads the first');
    clients[0]!.process.stdin!.end();
    expect(await clients[0]!.ended, clients[0]!.output).toBe(0);
    await until(() => /client \d+ left/.test(clients[1]!.output), 'the second is told');
    server.process.stdin!.end();
    expect(await server.ended, server.output).toBe(0);
    expect(await clients[1]!.ended).toBe(0);
    expect(clients[1]!.output).toContain('The chat has ended.');
  });
});
