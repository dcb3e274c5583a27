// .NET's named pipes (mono's System.IO.Pipes) as the other side, in both roles: the same names, the same bytes.
import { rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { framing, type PipeConnection } from '../lib/index.ts';
import { pipePath } from '../lib/name.ts';
import { must, needPackages } from './run/command.js';
import { clientFor, next, readAll, serverFor, uniqueName, until } from './support/pipes.ts';
import { type Program, root, run, start, temporaryFolder } from './support/programs.ts';

const strings = { framing: framing.streamString() } as const;
const peerProgram = path.join(tmpdir(), `framepipe-test-peer-${process.pid}.exe`);

beforeAll(async () => {
  needPackages('mono-runtime', 'mono-mcs', 'libmono-system-core4.0-cil');
  await must('mcs', ['-r:System.Core', `-out:${peerProgram}`, 'test/support/mono/Peer.cs']);
  return () => must('rm', ['-f', peerProgram]);
}, 300_000);

const mono = (...args: string[]): Program => run('mono', [peerProgram, ...args]);

/** What strings are like: empty, long, of every plane; and two that are no UTF-16. */
const texts = [
  '',
  'a',
  'Grüße, 世界, 🌍',
  '\u0000\ufeff\u2028',
  'x'.repeat(255),
  'y'.repeat(256),
  'ž'.repeat(32_767), // the longest
  'lone \ud83c',
  '\udf0d surrogates',
];
const arrived = texts.map((text) => text.replace(/\ud83c$|^\udf0d/, '\ufffd'));

async function echoes(connection: PipeConnection<string>): Promise<string[]> {
  await connection.sendMany(texts.map((text) => (/\p{Surrogate}/u.test(text) ? Buffer.from(text, 'utf16le') : text)));
  const got: string[] = [];
  while (got.length < texts.length) got.push((await connection.read())!);
  return got;
}

describe('a C# server', () => {
  it('echoes every kind of string to our client', async () => {
    const name = uniqueName();
    const server = mono('echo-server', name);
    await until(() => server.output.includes('serving'), 'it serves');
    const client = await clientFor(name, strings);
    expect(await echoes(client)).toEqual(arrived);
    await client.close();
    expect(await server.ended, server.output).toBe(0);
    expect(server.output).toContain(`echoed ${texts.length}`);
  });

  it('is waited for', async () => {
    const name = uniqueName();
    const connecting = clientFor(name, { ...strings, waitForServer: true });
    const server = mono('echo-server', name);
    const client = await connecting;
    await client.send('hello');
    expect(await client.read()).toBe('hello');
    expect(client.peer.pid).toBe(server.process.pid);
    await client.close();
    expect(await server.ended, server.output).toBe(0);
  });

  it('reads files as our clients, four at once', async () => {
    const name = uniqueName();
    const file = path.join(await temporaryFolder(), 'file.txt');
    await writeFile(file, 'what is in it: Grüße\n');
    const server = mono('file-server', name, '4');
    await until(() => server.output.includes('serving'), 'it serves');
    const clients = start(path.join(root, 'examples/read-file-as-client/client.js'), [file, '--pipe', name]);
    expect(await clients.ended, clients.output).toBe(0);
    expect(clients.output.match(/^what is in it: Grüße$/gm)).toHaveLength(4);
    expect(await server.ended, server.output).toBe(0);
    expect(server.output.match(/^\S+ asks for .*file\.txt$/gm)).toHaveLength(4);
  });

  it('that is killed ends the iteration', async () => {
    const name = uniqueName();
    onTestFinished(() => rm(pipePath(name)));
    const server = mono('echo-server', name);
    await until(() => server.output.includes('serving'), 'it serves');
    const client = await clientFor(name, strings);
    await client.send('last');
    expect(await client.read()).toBe('last');
    server.process.kill('SIGKILL');
    expect(await client.read()).toBeNull();
    await client.closed;
  });
});

describe('a C# client', () => {
  it('echoes every kind of string to our server, and leaves in good order', async () => {
    const name = uniqueName();
    const server = await serverFor(name, strings);
    const client = mono('echo-client', name);
    const connection = await next(server);
    expect(connection.peer.pid).toBe(client.process.pid);
    expect(await echoes(connection)).toEqual(arrived);
    await connection.close();
    expect(await client.ended, client.output).toBe(0);
    expect(client.output).toContain(`echoed ${texts.length}`);
  });

  it('gets its file from our example, whose server acts as it', async () => {
    const name = uniqueName();
    const file = path.join(await temporaryFolder(), 'file.txt');
    await writeFile(file, 'what is in it: Grüße');
    const server = start(path.join(root, 'examples/read-file-as-client/server.js'), ['--pipe', name, '--clients', '4']);
    await until(() => server.output.includes('Waiting for clients'), 'it serves');
    const clients = [1, 2, 3, 4].map(() => mono('file-client', name, file));
    for (const client of clients) {
      expect(await client.ended, client.output).toBe(0);
      expect(client.output).toBe('what is in it: Grüße');
    }
    expect(await server.ended, server.output).toBe(0);
  });

  it('that is killed ends the iteration', async () => {
    const name = uniqueName();
    const server = await serverFor(name, strings);
    const client = mono('echo-client', name);
    const connection = await next(server);
    await connection.send('last');
    expect(await connection.read()).toBe('last');
    client.process.kill('SIGKILL');
    expect(await readAll(connection)).toEqual([]);
    await connection.closed;
  });

  it("writes BinaryWriter's strings, which are framing.varint()'s", async () => {
    const name = uniqueName();
    const server = await serverFor(name, { framing: framing.varint({ as: 'utf8' }) });
    const client = mono('binary-echo-client', name);
    const connection = await next(server);
    const sent = ['', 'a', 'Grüße, 世界, 🌍', 'x'.repeat(127), 'y'.repeat(128), 'ž'.repeat(100_000)];
    for (const text of sent) {
      await connection.send(text);
      expect(await connection.read()).toBe(text);
    }
    await connection.close();
    expect(await client.ended, client.output).toBe(0);
  });
});
