// framepipe/http: a server of Node's on a pipe, and its agent.
import { once } from 'node:events';
import http from 'node:http';
import http2 from 'node:http2';
import net from 'node:net';
import { text } from 'node:stream/consumers';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { PipeAgent, type ServedHttp, type ServeHttpOptions, serveHttp } from '../lib/http/index.ts';
import { connectDuplex, framing, type PipeDuplex } from '../lib/index.ts';
import { pipePath } from '../lib/name.ts';
import { uniqueName, until } from './support/pipes.ts';

interface Site {
  name: string;
  server: http.Server;
  served: ServedHttp;
  agent: PipeAgent;
}

async function site(
  listener: http.RequestListener,
  options: http.ServerOptions & ServeHttpOptions = {},
  agentOptions: ConstructorParameters<typeof PipeAgent>[1] = {},
): Promise<Site> {
  const name = uniqueName();
  const { signal, ...serverOptions } = options;
  const server = http.createServer({ connectionsCheckingInterval: 20, ...serverOptions }, listener);
  const served = await serveHttp(server, name, { signal });
  const agent = new PipeAgent(name, agentOptions);
  onTestFinished(async () => {
    agent.destroy();
    server.closeAllConnections();
    await served.close({ timeout: 100 }).catch(() => {});
    server.close();
  });
  return { name, server, served, agent };
}

async function ask(options: http.RequestOptions, body?: string): Promise<http.IncomingMessage & { body: string }> {
  const request = http.request(options);
  request.end(body);
  const [response] = (await once(request, 'response')) as [http.IncomingMessage];
  return Object.assign(response, { body: await text(response) });
}

/** A client that writes HTTP by hand. */
function caller(name: string): { stream: PipeDuplex; answer: () => string } {
  const stream = connectDuplex(name);
  let got = '';
  stream.on('data', (bytes) => {
    got += bytes;
  });
  stream.on('error', () => {});
  onTestFinished(() => void stream.destroy());
  return { stream, answer: () => got };
}

const closed = (stream: PipeDuplex) => (stream.closed ? undefined : once(stream, 'close'));
const GET = (path: string, headers = '') => `GET ${path} HTTP/1.1\r\nHost: x\r\n${headers}\r\n`;

describe('serveHttp', () => {
  it('answers on one pipe again and again, and knows who asks', async () => {
    const seen = new Set<unknown>();
    const { agent, served } = await site((request, response) => {
      const { connection } = request.socket as unknown as PipeDuplex;
      seen.add(connection);
      response.end(`${request.method} ${request.url} of ${connection.peer.pid}`);
    });
    for (let i = 0; i < 5; i++) {
      expect((await ask({ agent, path: `/${i}` })).body).toBe(`GET /${i} of ${process.pid}`);
    }
    expect(seen.size).toBe(1);
    expect(served.pipe.stats().accepted).toBe(1);
  });

  it('is asked by Node as it is', async () => {
    const { served } = await site((request, response) => request.pipe(response));
    expect((await ask({ socketPath: served.path, method: 'POST' }, 'what comes in')).body).toBe('what comes in');
  });

  it('answers pipelined requests in order, whatever they take', async () => {
    const { name } = await site((request, response) => {
      setTimeout(() => response.end(`<${request.url}>`), request.url === '/slow' ? 50 : 0);
    });
    const { stream, answer } = caller(name);
    stream.write(GET('/slow') + GET('/quick') + GET('/last', 'Connection: close\r\n'));
    await closed(stream);
    expect(answer().match(/<.*?>/g)).toEqual(['</slow>', '</quick>', '</last>']);
  });

  it('hands over upgrades, with what came behind them', async () => {
    const { name, server } = await site(() => {});
    server.on('upgrade', (_request, socket, head) => {
      socket.write('HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: echo\r\n\r\n');
      socket.write(head);
      socket.pipe(socket);
    });
    const { stream, answer } = caller(name);
    stream.write(`${GET('/', 'Connection: upgrade\r\nUpgrade: echo\r\n')}early`);
    await until(() => answer().endsWith('early'), 'the head is echoed');
    stream.write(' and late');
    await until(() => answer().endsWith('early and late'), 'it is echoed');
  });

  it.each([
    ['400 Bad Request', 'nonsense\r\n\r\n', {}],
    ['431 Request Header Fields Too Large', GET('/', `Long: ${'l'.repeat(20_000)}\r\n`), {}],
    [
      '413 Payload Too Large',
      `POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n2;${'e'.repeat(20_000)}\r\nxx\r\n0\r\n\r\n`,
      {},
    ],
    ['408 Request Timeout', 'GET / HTTP/1.1\r\nHost: x\r\n', { headersTimeout: 50, requestTimeout: 100 }],
  ])('says %s, and closes', async (status, request, options) => {
    const { name } = await site((_request, response) => void response.end(), options);
    const { stream, answer } = caller(name);
    stream.write(request);
    await closed(stream);
    expect(answer()).toContain(`HTTP/1.1 ${status}\r\n`);
  });

  it('closes a pipe that is idle for keepAliveTimeout', async () => {
    const { name, server } = await site((_request, response) => void response.end('x'));
    server.keepAliveTimeout = 30;
    const { stream, answer } = caller(name);
    stream.write(GET('/'));
    await closed(stream);
    expect(answer()).toContain('Keep-Alive: timeout=');
  });

  it('tells a handler that the client has gone', async () => {
    let aborted: Promise<unknown> | undefined;
    const { agent, served } = await site((request, response) => {
      aborted = once(response, 'close').then(() => [response.writableFinished, request.destroyed]);
      response.write('begun');
    });
    const request = http.get({ agent });
    await once(request, 'response');
    request.destroy();
    expect(await aborted).toEqual([false, true]);
    await until(() => served.pipe.connections === 0, 'its pipe is closed');
  });

  it('starts the server’s own clock, and says that it listens', async () => {
    const server = http.createServer();
    const listening = once(server, 'listening');
    const served = await serveHttp(server, uniqueName());
    onTestFinished(() => served.close());
    await listening;
  });

  it('refuses what is no such server, and what HTTP determines', async () => {
    const name = uniqueName();
    const server = http.createServer();
    const app = (() => {}) as never;
    await expect(serveHttp(app, name)).rejects.toThrow(/server must be an http\.Server.*http\.createServer\(app\)/);
    for (const option of ['framing', 'direction', 'frameTimeout']) {
      await expect(serveHttp(server, name, { [option]: framing.raw() })).rejects.toThrow(`no option "${option}"`);
    }
    await expect(serveHttp(server, name, { acces: 'owner' } as never)).rejects.toThrow(/did you mean "access"/);
    await expect(serveHttp(server, name, null as never)).rejects.toThrow(/options must be an object/);
  });
});

describe('close()', () => {
  it('lets answers finish, tells clients that they are the last, and closes idle pipes', async () => {
    const answers: http.ServerResponse[] = [];
    const { name, served } = await site((request, response) => {
      if (request.url === '/begun') response.write('begun ');
      if (request.url === '/idle') response.end('idle');
      else answers.push(response);
    });
    const [idle, waiting, begun] = [caller(name), caller(name), caller(name)];
    idle.stream.write(GET('/idle'));
    await until(() => idle.answer().endsWith('idle'), 'it is idle');
    waiting.stream.write(GET('/waiting'));
    begun.stream.write(GET('/begun'));
    await until(() => answers.length === 2 && begun.answer().includes('begun'), 'both wait');
    const closing = served.close();
    await closed(idle.stream);
    for (const response of answers) response.end('done');
    await closing;
    expect(waiting.answer()).toMatch(/Connection: close\r\n[\s\S]*done$/);
    expect(begun.answer()).toMatch(/done\r\n0\r\n\r\n$/);
    expect(served.pipe.connections).toBe(0);
    await expect(ask({ agent: new PipeAgent(name) })).rejects.toMatchObject({ code: 'ENOENT' });
    await served.closed;
  });

  it.each([3, 2, 1])('answers all of a pipeline of which %i requests had come, and then closes', async (before) => {
    const answers: http.ServerResponse[] = [];
    const { name, served } = await site((_request, response) => void answers.push(response));
    const { stream, answer } = caller(name);
    const requests = ['/one', '/two', '/three'].map((path) => GET(path));
    stream.write(requests.slice(0, before).join(''));
    await until(() => answers.length === before, 'these are asked');
    const closing = served.close();
    for (const request of requests.slice(before)) stream.write(request);
    await until(() => answers.length === 3, 'all are asked');
    for (const response of answers) response.end(`<${response.req.url}>`);
    await closing;
    expect(answer().match(/<.*?>/g)).toEqual(['</one>', '</two>', '</three>']);
    expect(answer().match(/Connection: .*(?=\r)/g)).toEqual([
      ...Array(2).fill('Connection: keep-alive'),
      'Connection: close',
    ]);
  });

  it('answers a request that has come in parts', async () => {
    const { name, served } = await site((_request, response) => void response.end('answered'));
    const { stream, answer } = caller(name);
    stream.write('GET / HTTP/1.1\r\n');
    await until(() => served.pipe.clients[0]?.stats().bytesReceived === 16, 'it has begun');
    const closing = served.close();
    stream.write('Host: x\r\n\r\n');
    await closing;
    expect(answer()).toMatch(/Connection: close\r\n[\s\S]*answered$/);
  });

  it('waits no longer than its timeout', async () => {
    const { agent, served } = await site((_request, response) => void response.write('for ever'));
    const request = http.get({ agent });
    const [response] = await once(request, 'response');
    response.on('error', () => {});
    await expect(served.close({ timeout: 20 })).rejects.toMatchObject({
      code: 'ETIMEDOUT',
      message: expect.stringContaining('1 of its connections did not end within 20 ms'),
    });
    expect(served.pipe.connections).toBe(0);
    await served.closed;
    await served.close();
    await expect(served.close({ timeout: -1 })).rejects.toThrow(/timeout/);
  });

  it('waits as long as it is told, and not only as long as by default', async () => {
    let answer: http.ServerResponse | undefined;
    const { name, served } = await site((_request, response) => {
      answer = response;
    });
    const asking = caller(name);
    asking.stream.write(GET('/'));
    await until(() => answer !== undefined, 'it is asked');
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    onTestFinished(() => void vi.useRealTimers());
    const closing = served.close({ timeout: 60_000 });
    await served.pipe.closed;
    await new Promise((resolve) => setImmediate(resolve));
    vi.advanceTimersByTime(59_000);
    await new Promise((resolve) => setImmediate(resolve));
    vi.useRealTimers();
    answer!.end('at last');
    await closing;
    expect(asking.answer()).toMatch(/at last$/);
  });

  it('leaves nothing of itself at the server', async () => {
    const server = http.createServer();
    const listeners = () => server.eventNames().map((name) => `${String(name)} ${server.listenerCount(name)}`);
    const before = listeners();
    for (let i = 0; i < 12; i++) {
      const served = await serveHttp(server, uniqueName());
      await served.close();
    }
    expect(listeners()).toEqual(before);
  });

  it('comes when the signal aborts, when the pipe is closed, and when the server is', async () => {
    const controller = new AbortController();
    const one = await site(() => {}, { signal: controller.signal });
    controller.abort();
    await one.served.closed;
    const two = await site(() => {});
    await two.served.pipe.close();
    await two.served.closed;
    const three = await site(() => {});
    three.server.close();
    await three.served.closed;
    const four = await site(() => {});
    await four.served[Symbol.asyncDispose]();
    await four.served.closed;
  });

  it('leaves a server that serves elsewhere as it is', async () => {
    const { name, server, served } = await site((_request, response) => void response.end('here'));
    const other = uniqueName();
    const second = await serveHttp(server, other);
    onTestFinished(() => second.close());
    await served.close();
    await expect(ask({ agent: new PipeAgent(name) })).rejects.toMatchObject({ code: 'ENOENT' });
    const agent = new PipeAgent(other, { keepAlive: false });
    expect((await ask({ agent })).body).toBe('here');
  });
});

describe('HTTP/2', () => {
  it('takes many requests at once, and lets them finish when it is closed', async () => {
    const name = uniqueName();
    const server = http2.createServer();
    const waiting: http2.ServerHttp2Stream[] = [];
    server.on('stream', (stream, headers) => {
      stream.respond({ ':status': 200 });
      stream.write(`${headers[':path']} `);
      waiting.push(stream);
    });
    const served = await serveHttp(server, name);
    const client = http2.connect('http://pipe', { createConnection: () => connectDuplex(name) });
    onTestFinished(() => client.destroy());
    const goaway = once(client, 'goaway');
    const answers = Array.from({ length: 20 }, (_, i) => text(client.request({ ':path': `/${i}` })));
    await until(() => waiting.length === 20, 'all wait');
    const closing = served.close();
    await goaway;
    for (const stream of waiting) stream.end('done');
    expect(await Promise.all(answers)).toEqual(Array.from({ length: 20 }, (_, i) => `/${i} done`));
    await closing;
    expect(served.pipe.connections).toBe(0);
  });

  it('harms no client that closes at the same time', async () => {
    for (let round = 0; round < 50; round++) {
      const server = http2.createServer((_, response) => void setTimeout(() => response.end('x'.repeat(50_000)), 1));
      const served = await serveHttp(server, uniqueName());
      const client = http2.connect('http://pipe', { createConnection: () => connectDuplex(served.path) });
      const closed = once(client, 'close');
      const requests = Array.from({ length: 3 }, () => client.request({ ':path': '/' }));
      const answers = Promise.all(requests.map((request) => text(request)));
      await once(requests[0]!, 'response');
      await served.close();
      expect((await answers).map((answer) => answer.length)).toEqual([50_000, 50_000, 50_000]);
      await closed;
    }
  });

  it('tells who asks', async () => {
    const server = http2.createServer(({ socket }, response) => {
      const { connection } = socket as unknown as PipeDuplex;
      response.end(`process ${connection.peer.pid}`);
    });
    const served = await serveHttp(server, uniqueName());
    onTestFinished(() => served.close());
    const client = http2.connect('http://pipe', { createConnection: () => connectDuplex(served.path) });
    onTestFinished(() => client.destroy());
    expect(await text(client.request({ ':path': '/' }))).toBe(`process ${process.pid}`);
  });

  it('is cut after the timeout', async () => {
    const server = http2.createServer();
    server.on('stream', (stream) => stream.on('error', () => {}).respond({ ':status': 200 }));
    server.on('sessionError', () => {});
    const served = await serveHttp(server, uniqueName());
    const client = http2.connect('http://pipe', { createConnection: () => connectDuplex(served.path) });
    client.on('error', () => {});
    const request = client.request({ ':path': '/' });
    request.on('error', () => {});
    await once(request, 'response');
    await expect(served.close({ timeout: 20 })).rejects.toMatchObject({ code: 'ETIMEDOUT' });
    expect(served.pipe.connections).toBe(0);
  });
});

describe('PipeAgent', () => {
  it('keeps to maxSockets, and uses them again', async () => {
    let most = 0;
    let now = 0;
    const { agent, served, name } = await site(
      (request, response) => {
        most = Math.max(most, ++now);
        setTimeout(() => {
          now--;
          response.end(request.url);
        }, 5);
      },
      {},
      { maxSockets: 3 },
    );
    const answers = await Promise.all(Array.from({ length: 12 }, (_, i) => ask({ agent, path: `/${i}` })));
    expect(answers.map(({ body }) => body)).toEqual(Array.from({ length: 12 }, (_, i) => `/${i}`));
    expect([most, served.pipe.stats().accepted]).toEqual([3, 3]);
    expect(Object.keys(agent.freeSockets)).toEqual([pipePath(name)]);
  });

  it('sends each request to its pipe, whatever its host', async () => {
    const one = await site((request, response) => void response.end(`one, ${request.headers.host}`));
    const two = await site((request, response) => void response.end(`two, ${request.headers.host}`));
    const { agent } = one;
    expect((await ask({ agent, host: 'somewhere' })).body).toBe('one, somewhere');
    expect((await ask({ agent, host: 'elsewhere' })).body).toBe('one, elsewhere');
    expect((await ask({ agent, socketPath: two.name })).body).toBe('two, localhost');
    expect([one, two].map(({ served }) => served.pipe.stats().accepted)).toEqual([1, 1]);
    expect(agent.getName()).toBe(pipePath(one.name));
    expect(agent.getName({ socketPath: two.name })).toBe(pipePath(two.name));
  });

  it('fails a request as connecting does, and goes on', async () => {
    const name = uniqueName();
    const agent = new PipeAgent(name, { maxSockets: 1 });
    onTestFinished(() => agent.destroy());
    await expect(ask({ agent })).rejects.toMatchObject({ code: 'ENOENT', syscall: 'connect' });
    const server = http.createServer((_request, response) => void response.end('now'));
    const served = await serveHttp(server, name);
    onTestFinished(() => served.close());
    expect((await ask({ agent })).body).toBe('now');
  });

  it('waits for its server, and is called off with its request', async () => {
    const name = uniqueName();
    const agent = new PipeAgent(name, { connect: { waitForServer: true } });
    onTestFinished(() => agent.destroy());
    const given = http.get({ agent });
    const failed = once(given, 'error');
    given.destroy(new Error('no more'));
    expect(await failed).toMatchObject([{ message: 'no more' }]);
    const asked = ask({ agent });
    const served = await serveHttp(
      http.createServer((_request, response) => void response.end('at last')),
      name,
    );
    onTestFinished(() => served.close());
    expect((await asked).body).toBe('at last');
  });

  it('takes another pipe when the one that it kept was closed', async () => {
    const { agent, served } = await site((_request, response) => void response.end('x'));
    await ask({ agent });
    served.pipe.clients[0]!.destroy();
    await until(() => Object.keys(agent.freeSockets).length === 0, 'it has seen that');
    await ask({ agent });
    expect(served.pipe.stats().accepted).toBe(2);
  });

  it('times out', async () => {
    const { agent } = await site(() => {}, {}, { timeout: 30 });
    const request = http.get({ agent });
    request.on('error', () => {});
    await once(request, 'timeout');
    request.destroy();
  });

  it('talks to a server of node:net at a pipe', async () => {
    const name = uniqueName();
    const server = http.createServer((_request, response) => void response.end('over net'));
    server.listen(pipePath(name));
    onTestFinished(() => void server.close());
    await once(server, 'listening');
    const agent = new PipeAgent(name);
    onTestFinished(() => agent.destroy());
    expect((await ask({ agent })).body).toBe('over net');
    expect(server instanceof net.Server).toBe(true);
  });

  it('refuses what cannot be connected to, when it is made', () => {
    expect(() => new PipeAgent('')).toThrow(expect.objectContaining({ code: 'EINVAL' }));
    expect(() => new PipeAgent('x', { connect: { timout: 1 } as never })).toThrow(/did you mean "timeout"/);
  });
});
