// What pipes are used for, with the other side as it is in the world: HTTP, JSON-RPC, ssh-agent, lines of JSON.
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import http from 'node:http';
import net from 'node:net';
import path from 'node:path';
import { type Duplex, Readable } from 'node:stream';
import { buffer, text } from 'node:stream/consumers';
import { pipeline } from 'node:stream/promises';
import { describe, expect, it, onTestFinished } from 'vitest';
import {
  createClientPipeTransport,
  createMessageConnection,
  createServerPipeTransport,
  type MessageConnection,
  StreamMessageReader,
  StreamMessageWriter,
} from 'vscode-jsonrpc/node';
import { connect, framing, type PipeServer } from '../lib/index.ts';
import { pipePath } from '../lib/name.ts';
import { clientFor, next, pair, pattern, serverFor, uniqueName, until } from './support/pipes.ts';
import { type Program, root, run, start, temporaryFolder } from './support/programs.ts';
import { isLinux, on } from './support/system.ts';

const raw = { framing: framing.raw() } as const;
const MIB = 1 << 20;

const example = (...parts: string[]): string => path.join(root, 'examples', ...parts);

/** An example's server, ready, at a name of its own. */
async function startServer(file: string, ready: string): Promise<{ name: string; server: Program }> {
  const name = uniqueName();
  const server = start(example(file), ['--pipe', name]);
  onTestFinished(async () => {
    server.process.kill('SIGINT');
    await server.ended; // on Linux it has closed its pipe
  });
  await until(() => server.output.includes(ready), `${file} listens`);
  return { name, server };
}

describe('the examples', () => {
  it('http: a server, and a client that keeps its pipe', async () => {
    const { name } = await startServer('http/server.js', 'Serving HTTP');
    const client = start(example('http/client.js'), ['/a?b', '--pipe', name]);
    expect(await client.ended, client.output).toBe(0);
    expect(client.output).toMatch(/^200 \{"hello":"process \d+","asked":"\/a\?b"\}\n200 .*"asked":"\/again"\}\n$/);
  });

  it('http: asked by Node as it is', async () => {
    const { name } = await startServer('http/server.js', 'Serving HTTP');
    const request = http.request({ socketPath: pipePath(name), method: 'POST' }).end('what comes in');
    const [response] = await once(request, 'response');
    expect(await text(response)).toBe('what comes in');
  });

  it('json-rpc: called by vscode-jsonrpc', async () => {
    const { name } = await startServer('json-rpc/server.js', 'Serving JSON-RPC');
    const client = start(example('json-rpc/client.js'), ['--pipe', name]);
    expect(await client.ended, client.output).toBe(0);
    expect(client.output).toBe('2 + 3 = 5\n3\n2\n1\nlift-off\nno such method: divide\n');
  });

  it('ndjson: asked by node:net', async () => {
    const { name } = await startServer('ndjson/server.js', 'Storing on');
    const client = start(example('ndjson/client.js'), ['--pipe', name]);
    expect(await client.ended, client.output).toBe(0);
    expect(client.output).toBe(
      '{"get":"colour"} → {"value":null}\n' +
        '{"set":"colour","to":["blue","größer"]} → {"ok":true}\n' +
        '{"get":"colour"} → {"value":["blue","größer"]}\n',
    );
  });

  it('ndjson: what is no JSON ends one client and not the others', async () => {
    const { name, server } = await startServer('ndjson/server.js', 'Storing on');
    const [bad, good] = [net.connect(pipePath(name)), net.connect(pipePath(name))];
    onTestFinished(() => [bad, good].forEach((socket) => void socket.destroy()));
    bad.write('{"get":\n');
    expect(await text(bad)).toBe('');
    good.write('{"get":"x"}\r\n');
    expect(String((await once(good, 'data'))[0])).toBe('{"value":null}\n');
    expect(server.output).toMatch(/client \d+: .*ERR_FRAME_INVALID/);
  });

  it('ssh-agent: lists its key, and refuses what it does not know', async () => {
    const { name } = await startServer('ssh-agent/agent.js', 'ssh-ed25519 ');
    const client = await clientFor(name, { framing: framing.sshAgent() });
    await client.send(Buffer.of(11));
    const answer = (await client.read())!;
    expect([answer[0], answer.readUInt32BE(1)]).toEqual([12, 1]);
    expect(answer.includes('ssh-ed25519')).toBe(true);
    await client.send(Buffer.of(19)); // remove all keys
    expect([...(await client.read())!]).toEqual([5]);
  });
});

on(isLinux, 'the ssh-agent, asked by OpenSSH', () => {
  it('lists its key, and signs with it', async () => {
    const { name, server } = await startServer('ssh-agent/agent.js', 'ssh-ed25519 ');
    const folder = await temporaryFolder();
    const openssh = async (command: string, args: string[], input = '') => {
      const program = run(command, args, { env: { ...process.env, SSH_AUTH_SOCK: pipePath(name) }, cwd: folder });
      program.process.stdin!.end(input);
      expect(await program.ended, program.output).toBe(0);
      return program.output;
    };

    expect(await openssh('ssh-add', ['-l'])).toMatch(/^256 SHA256:\S+ framepipe \(ED25519\)$/m);
    const key = await openssh('ssh-add', ['-L']);
    expect(server.output).toContain(key.trim());

    await writeFile(path.join(folder, 'key.pub'), key);
    await writeFile(path.join(folder, 'text'), 'to be signed');
    await writeFile(path.join(folder, 'signers'), `me ${key}`);
    await openssh('ssh-keygen', ['-Y', 'sign', '-f', 'key.pub', '-n', 'file', 'text']);
    const verify = ['-Y', 'verify', '-f', 'signers', '-I', 'me', '-n', 'file', '-s', 'text.sig'];
    expect(await openssh('ssh-keygen', verify, 'to be signed')).toContain('Good "file" signature');
  });
});

describe('HTTP over toDuplex()', () => {
  class PipeAgent extends http.Agent {
    opened = 0;
    override createConnection(
      options: http.ClientRequestArgs,
      done: (error: unknown, stream?: unknown) => void,
    ): never {
      this.opened++;
      connect(options.socketPath!, raw).then((pipe) => done(null, pipe.toDuplex()), done);
      return undefined as never; // it comes later
    }
  }

  function agent(options: http.AgentOptions = {}): PipeAgent {
    const made = new PipeAgent(options);
    onTestFinished(() => made.destroy());
    return made;
  }

  async function serve(
    listener: http.RequestListener,
  ): Promise<{ name: string; pipes: PipeServer; server: http.Server }> {
    const name = uniqueName();
    const pipes = await serverFor(name, raw);
    const server = http.createServer(listener);
    void (async () => {
      for await (const client of pipes) server.emit('connection', client.toDuplex());
    })();
    return { name, pipes, server };
  }

  /** The answer, as soon as it begins: the body may still be on its way. */
  async function ask(
    options: http.RequestOptions,
    body: Iterable<Buffer | string> = [],
  ): Promise<http.IncomingMessage> {
    const request = http.request(options);
    pipeline(Readable.from(body), request).catch((error) => request.destroy(error));
    return (await once(request, 'response'))[0];
  }

  it('keeps a connection for many requests, and closes it', async () => {
    const { name, pipes } = await serve((request, response) => response.end(request.url));
    const kept = agent({ keepAlive: true, maxSockets: 1 });
    for (let i = 0; i < 50; i++) {
      expect(await text(await ask({ agent: kept, socketPath: name, path: `/${i}` }))).toBe(`/${i}`);
    }
    expect(kept.opened).toBe(1);
    kept.destroy();
    await until(() => pipes.connections === 0, 'it is closed');
  });

  it('serves many at the same time', async () => {
    const { name, pipes } = await serve((request, response) => request.pipe(response));
    const many = agent();
    const bodies = Array.from({ length: 40 }, (_, i) => `body ${i} `.repeat(1000));
    const answers = bodies.map(async (body) => {
      const response = await ask({ agent: many, socketPath: name, method: 'POST' }, [body]);
      return text(response);
    });
    expect(await Promise.all(answers)).toEqual(bodies);
    await until(() => pipes.connections === 0, 'all are closed, for they were not kept');
  });

  it('streams large bodies both ways, at the pace of the slower', async () => {
    const { name } = await serve((request, response) => request.pipe(response));
    const body = pattern(12 * MIB);
    const response = await ask({ agent: agent(), socketPath: name, method: 'POST' }, [body]);
    expect((await buffer(response)).equals(body)).toBe(true);
  });

  it('is asked by Node as it is, of HTTP/1.0 as well', async () => {
    const { name } = await serve((request, response) => response.end(`to ${request.httpVersion}`));
    expect(await text(await ask({ socketPath: pipePath(name) }))).toBe('to 1.1');
    const socket = net.connect(pipePath(name));
    socket.write('GET / HTTP/1.0\r\n\r\n');
    expect(await text(socket)).toMatch(/\r\n\r\nto 1\.0$/); // its end is the end of the connection
  });

  it('asks Node as it is', async () => {
    const name = uniqueName();
    const server = http.createServer((request, response) => request.pipe(response));
    server.listen(pipePath(name));
    onTestFinished(() => void server.close());
    await once(server, 'listening');
    const body = pattern(3 * MIB);
    const response = await ask({ agent: agent(), socketPath: name, method: 'POST' }, [body]);
    expect((await buffer(response)).equals(body)).toBe(true);
  });

  it('tells the server that a client has gone', async () => {
    let gone: Promise<unknown> | undefined;
    const { name, pipes } = await serve((_, response) => {
      gone = once(response, 'close');
      response.write('a part');
    });
    const response = await ask({ agent: agent(), socketPath: name });
    await once(response, 'data');
    response.destroy();
    await gone;
    await until(() => pipes.connections === 0, 'it is closed');
  });

  it('tells the client that the server has gone', async () => {
    const { name, pipes } = await serve((_, response) => {
      response.writeHead(200, { 'content-length': 100 });
      response.write('a part');
    });
    const response = await ask({ agent: agent(), socketPath: name });
    await once(response, 'data');
    const failed = once(response, 'error');
    await pipes.close({ connections: true });
    expect(await failed).toMatchObject([{ code: 'ECONNRESET' }]);
  });

  it('tells that nobody serves the pipe', async () => {
    const asking = ask({ agent: agent(), socketPath: uniqueName() });
    await expect(asking).rejects.toMatchObject({ code: 'ENOENT', syscall: 'connect' });
  });

  it('keeps time', async () => {
    const { name } = await serve(() => {}); // no answer
    const request = http.get({ agent: agent(), socketPath: name, timeout: 100 });
    await once(request, 'timeout');
    const failed = once(request, 'error');
    request.destroy();
    await failed;
  });

  it('upgrades to another protocol', async () => {
    const { name, server } = await serve(() => {});
    server.on('upgrade', (_, socket) => {
      socket.write('HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: echo\r\n\r\n');
      socket.pipe(socket);
    });
    const request = http.get({ agent: agent(), socketPath: name, headers: { connection: 'upgrade', upgrade: 'echo' } });
    const [, socket] = await once(request, 'upgrade');
    socket.write('hello');
    expect(String((await once(socket, 'data'))[0])).toBe('hello');
    socket.destroySoon();
    await once(socket, 'close');
  });
});

describe('vscode-jsonrpc', () => {
  interface Call {
    jsonrpc: '2.0';
    id?: number;
    method?: string;
    params?: unknown;
    result?: unknown;
  }
  const messages = { framing: framing.contentLength<Call>({ as: 'json' }) };

  function rpcOver(stream: Duplex): MessageConnection {
    const rpc = createMessageConnection(new StreamMessageReader(stream), new StreamMessageWriter(stream));
    onTestFinished(() => rpc.dispose());
    return rpc;
  }

  it('talks to itself over two streams, and knows the end', async () => {
    const { client, served } = await pair(raw);
    const [one, other] = [rpcOver(client.toDuplex()), rpcOver(served.toDuplex())];
    const ended = new Promise<void>((resolve) => other.onClose(resolve));
    other.onRequest('double', (text: string) => text + text);
    one.listen();
    other.listen();
    const large = 'ö'.repeat(MIB);
    expect(await one.sendRequest('double', large)).toBe(large + large);
    const all = Array.from({ length: 300 }, (_, i) => one.sendRequest('double', `${i}`));
    expect(await Promise.all(all)).toEqual(all.map((_, i) => `${i}${i}`));
    await client.close();
    await ended;
  });

  it('serves a pipe that we connect to, as an editor does for its language server', async () => {
    const name = uniqueName();
    const transport = await createClientPipeTransport(pipePath(name));
    const client = await clientFor(name, messages);
    const rpc = createMessageConnection(...(await transport.onConnected()));
    onTestFinished(() => rpc.dispose());
    rpc.listen();
    const answer = rpc.sendRequest('initialize', { rootUri: 'file:///größer' });
    const call = (await client.read())!;
    expect(call).toMatchObject({ method: 'initialize', params: { rootUri: 'file:///größer' } });
    await client.send({ jsonrpc: '2.0', id: call.id!, result: { capabilities: {} } });
    expect(await answer).toEqual({ capabilities: {} });
    await client.close();
  });

  it('connects to a pipe that we serve', async () => {
    const name = uniqueName();
    const server = await serverFor(name, messages);
    const rpc = createMessageConnection(...createServerPipeTransport(pipePath(name)));
    onTestFinished(() => rpc.dispose());
    rpc.onRequest('add', (a: number, b: number) => a + b);
    const told = new Promise((resolve) => rpc.onNotification('hello', resolve));
    rpc.listen();
    const connection = await next(server);
    await connection.sendMany([
      { jsonrpc: '2.0', method: 'hello', params: ['you'] },
      { jsonrpc: '2.0', id: 1, method: 'add', params: [2, 3] },
    ]);
    expect(await told).toBe('you');
    expect(await connection.read()).toEqual({ jsonrpc: '2.0', id: 1, result: 5 });
    const ended = new Promise<void>((resolve) => rpc.onClose(resolve));
    await connection.close();
    await ended;
  });
});
