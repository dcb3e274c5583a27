// The examples of services, run as a reader of the README runs them: under load, and until they close gracefully.
import { once } from 'node:events';
import { readdir, readFile, stat, writeFile } from 'node:fs/promises';
import http from 'node:http';
import http2 from 'node:http2';
import path from 'node:path';
import { Readable } from 'node:stream';
import { buffer, text } from 'node:stream/consumers';
import { pipeline } from 'node:stream/promises';
import { describe, expect, it, onTestFinished } from 'vitest';
import WebSocket from 'ws';
import { PipeAgent } from '../lib/http/index.ts';
import { connectDuplex } from '../lib/index.ts';
import { pattern, uniqueName, until } from './support/pipes.ts';
import { type Program, root, start, temporaryFolder } from './support/programs.ts';

const PATIENCE = 60_000;

const example = (file: string, ...args: string[]): Program => start(path.join(root, 'examples', file), args);

async function server(file: string, ...args: string[]): Promise<{ name: string; server: Program }> {
  const name = uniqueName();
  const server = example(file, '--pipe', name, ...args);
  await until(() => server.output.includes('Ctrl+C'), `${file} serves`, PATIENCE);
  return { name, server };
}

describe('log-collector', { timeout: 2 * PATIENCE }, () => {
  const WRITERS = 6;
  const MAX = 200_000;

  async function collected(file: string): Promise<string[]> {
    const all: string[] = [];
    const files = await readdir(path.dirname(file));
    for (let i = 1; i < files.length; i++) all.push(...(await linesOf(`${file}.${i}`)));
    return [...all, ...(await linesOf(file))];
  }

  async function linesOf(file: string): Promise<string[]> {
    expect((await stat(file)).size, file).toBeLessThanOrEqual(MAX);
    return (await readFile(file, 'utf8')).trimEnd().split('\n');
  }

  it('has every line that its writers have sent, in their order, and lets them finish when it stops', async () => {
    const file = path.join(await temporaryFolder(), 'collected.log');
    await writeFile(`${file}.1`, 'of an earlier run\n');
    const { name, server: collector } = await server('log-collector/collector.js', '--file', file, '--max', `${MAX}`);
    const writers = Array.from({ length: WRITERS }, () => example('log-collector/writer.js', '--pipe', name));
    await until(() => writers.every(({ output }) => output.includes('Connected')), 'all are there', PATIENCE);
    // One of them ends by itself, the others would go on for ever.
    writers[0]!.process.stdin!.end('line 0\nline 1\nline 2\n');
    for (const { process } of writers.slice(1)) pipeline(Readable.from(lines()), process.stdin!).catch(() => {});
    expect(await writers[0]!.ended, writers[0]!.output).toBe(0);
    await until(async () => (await readdir(path.dirname(file))).length > 4, 'some files are full', PATIENCE);

    collector.process.stdin!.end();
    expect(await collector.ended, collector.output).toBe(0);
    const all = await collected(file);
    expect(all.shift()).toBe('of an earlier run');
    let count = 0;
    for (const writer of writers) {
      expect(await writer.ended, writer.output).toBe(0);
      const sent = Number(/(\d+) lines sent/.exec(writer.output)![1]);
      count += sent;
      const pid = `${writer.process.pid} `;
      const its = all.filter((line) => line.startsWith(pid)).map((line) => line.slice(pid.length));
      expect(its).toEqual(Array.from({ length: sent }, (_, i) => `line ${i}`));
    }
    expect(all).toHaveLength(count);
    expect(collector.output).toContain(`${count} lines, in `);
  });

  function* lines(): Generator<string> {
    for (let i = 0; ; ) yield Array.from({ length: 100 }, () => `line ${i++}\n`).join('');
  }
});

describe('http2', { timeout: 2 * PATIENCE }, () => {
  const options = (name: string) => ({ createConnection: () => connectDuplex(name) });

  it('answers what its client asks at once', async () => {
    const { name } = await server('http2/server.js');
    const client = example('http2/client.js', '--pipe', name);
    expect(await client.ended, client.output).toBe(0);
    const [first, second, ...last] = client.output.trimEnd().split('\n');
    expect([first, second].sort()).toEqual([
      `1: 200 {"hello":"process ${client.process.pid}","asked":"/hello"}`,
      '2: 200 what comes in goes out',
    ]);
    expect(last).toEqual(['0: 200 3', '2', '1', 'lift-off']); // it took longest, and kept nobody waiting
  });

  it('carries many long streams at once, and closes when the last one is answered', async () => {
    const { name, server: serving } = await server('http2/server.js');
    const session = http2.connect('http://pipe', options(name));
    onTestFinished(() => session.destroy());
    const sent = Array.from({ length: 10 }, (_, i) => pattern(200_000, i));
    const streams = sent.map((bytes) => session.request({ ':path': '/', ':method': 'POST' }).end(bytes));
    const countdown = session.request({ ':path': '/countdown' });
    const counted = text(countdown);
    await once(countdown, 'response');
    serving.process.stdin!.end();
    const received = await Promise.all(streams.map((stream) => buffer(stream)));
    for (const [i, bytes] of received.entries()) expect(bytes.equals(sent[i]!), `stream ${i}`).toBe(true);
    expect(await counted).toBe('3\n2\n1\nlift-off\n');
    expect(await serving.ended, serving.output).toBe(0);
    expect(serving.output).toContain('All is answered.');
    await until(() => session.closed, 'its client knows', PATIENCE);
  });
});

describe('websocket', { timeout: 2 * PATIENCE }, () => {
  it('lets its clients hear each other, and closes with the handshake', async () => {
    const { name, server: serving } = await server('websocket/server.js');
    const clients = [1, 2].map(() => example('websocket/client.js', '--pipe', name));
    await until(() => clients.every(({ output }) => output.includes('Connected.')), 'both are there', PATIENCE);
    clients[0]!.process.stdin!.write('größer\n');
    await until(() => clients[1]!.output.includes('größer'), 'the second hears the first', PATIENCE);
    expect(clients[0]!.output).not.toContain('größer');
    clients[0]!.process.stdin!.end();
    expect(await clients[0]!.ended, clients[0]!.output).toBe(0);
    expect(clients[0]!.output).toContain('Closed: 1000');

    const agent = new PipeAgent(name);
    const [response] = await once(http.get({ agent }), 'response');
    expect(await text(response)).toBe('1 are listening\n');
    agent.destroy();

    serving.process.stdin!.end();
    expect(await serving.ended, serving.output).toBe(0);
    expect(await clients[1]!.ended, clients[1]!.output).toBe(0);
    expect(clients[1]!.output).toContain('Closed: 1001 the server ends');
    expect(serving.output).toContain(`process ${clients[0]!.process.pid} left (1000)`);
    expect(serving.output).toContain(`process ${clients[1]!.process.pid} left (1001)`);
    expect(serving.output).toContain('All have left.');
  });

  it('carries long messages, many at a time', async () => {
    const { name } = await server('websocket/server.js');
    const [speaker, hearer] = await Promise.all(
      [1, 2].map(async () => {
        const socket = new WebSocket('ws://pipe/', { createConnection: () => connectDuplex(name) });
        onTestFinished(() => socket.terminate());
        await once(socket, 'open');
        return socket;
      }),
    );
    const messages = Array.from({ length: 50 }, (_, i) => `${i} `.repeat(20_000));
    const heard: string[] = [];
    hearer!.on('message', (message) => heard.push(String(message)));
    for (const message of messages) speaker!.send(message);
    await until(() => heard.length === messages.length, 'all are heard', PATIENCE);
    expect(heard.every((message, i) => message === messages[i])).toBe(true);
  });
});
