// What speaks HTTP, WebSocket and TLS in Node, over pipes: ws, tls, and undici's fetch.
import { once } from 'node:events';
import http from 'node:http';
import { text } from 'node:stream/consumers';
import tls from 'node:tls';
import { Agent, fetch } from 'undici';
import { describe, expect, it, onTestFinished } from 'vitest';
import WebSocket, { WebSocketServer } from 'ws';
import { PipeAgent, type ServedHttp, serveHttp } from '../lib/http/index.ts';
import { connectDuplex, framing } from '../lib/index.ts';
import { next, pattern, serverFor, uniqueName, until } from './support/pipes.ts';

async function site(server: http.Server): Promise<ServedHttp> {
  const served = await serveHttp(server, uniqueName());
  onTestFinished(async () => {
    server.closeAllConnections();
    await served.close({ timeout: 100 }).catch(() => {});
  });
  return served;
}

describe('ws', () => {
  it.each(['connectDuplex', 'PipeAgent'] as const)('talks both ways, by %s', async (how) => {
    const server = http.createServer();
    const { path, pipe } = await site(server);
    const sockets = new WebSocketServer({ server });
    onTestFinished(() => sockets.close());
    sockets.on('connection', (socket) => {
      socket.on('message', (data, binary) => socket.send(data, { binary }));
    });
    const options =
      how === 'PipeAgent' ? { agent: new PipeAgent(path) } : { createConnection: () => connectDuplex(path) };
    const socket = new WebSocket('ws://pipe/chat', options as WebSocket.ClientOptions);
    await once(socket, 'open');
    const sent = ['hello', '', pattern(100_000).toString('latin1')];
    const got: string[] = [];
    socket.on('message', (data) => got.push(String(data)));
    for (const message of sent) socket.send(message);
    await until(() => got.length === sent.length, 'all are echoed');
    expect(got).toEqual(sent);
    const pong = once(socket, 'pong');
    socket.ping();
    await pong;
    const closing = once(socket, 'close');
    socket.close(1000, 'enough');
    expect(String((await closing)[1])).toBe('enough');
    await until(() => pipe.connections === 0, 'the pipe is closed');
  });

  it('sees a server that goes', async () => {
    const server = http.createServer();
    const { path, pipe } = await site(server);
    const sockets = new WebSocketServer({ server });
    onTestFinished(() => sockets.close());
    const socket = new WebSocket('ws://pipe/', { createConnection: () => connectDuplex(path) } as never);
    await once(socket, 'open');
    const closing = once(socket, 'close');
    pipe.clients[0]!.destroy();
    expect((await closing)[0]).toBe(1006);
  });

  it('fails where nobody serves', async () => {
    const path = uniqueName();
    const socket = new WebSocket('ws://pipe/', { createConnection: () => connectDuplex(path) } as never);
    expect(await once(socket, 'error')).toMatchObject([{ code: 'ENOENT' }]);
  });
});

describe('fetch of undici', () => {
  it('asks over a pipe, and keeps it', async () => {
    const { path, pipe } = await site(
      http.createServer((request, response) => {
        response.setHeader('content-type', 'application/json');
        if (request.method === 'POST') return void request.pipe(response);
        response.end(JSON.stringify({ asked: request.url, host: request.headers.host }));
      }),
    );
    const dispatcher = new Agent({
      connections: 1,
      connect(_options, done) {
        const stream = connectDuplex(path);
        const failed = (error: Error) => done(error, null);
        stream.once('error', failed).once('connect', () => {
          stream.off('error', failed);
          done(null, stream as never);
        });
      },
    });
    onTestFinished(() => dispatcher.close());
    for (const way of ['/one', '/two']) {
      const response = await fetch(`http://pipe${way}`, { dispatcher });
      expect(await response.json()).toEqual({ asked: way, host: 'pipe' });
    }
    const posted = await fetch('http://pipe/', { dispatcher, method: 'POST', body: 'x'.repeat(300_000) });
    expect((await posted.text()).length).toBe(300_000);
    expect(pipe.stats().accepted).toBe(1);
  });

  it('fails where nobody serves', async () => {
    const path = uniqueName();
    const dispatcher = new Agent({
      connect(_options, done) {
        const stream = connectDuplex(path);
        stream.once('error', (error) => done(error, null)).once('connect', () => done(null, stream as never));
      },
    });
    onTestFinished(() => dispatcher.close());
    await expect(fetch('http://pipe/', { dispatcher })).rejects.toMatchObject({ cause: { code: 'ENOENT' } });
  });
});

describe('tls', () => {
  // Both know a key: no certificate, that would be somebody's and expire.
  const psk = Buffer.alloc(16, 7);
  const common = { ciphers: 'PSK', maxVersion: 'TLSv1.2' } as const;
  const asServer = { ...common, pskCallback: () => psk };
  const asClient = {
    ...common,
    pskCallback: () => ({ psk, identity: 'test' }),
    checkServerIdentity: () => undefined,
  };

  it('echoes to the end, over streams that stay half open for it', async () => {
    const server = await serverFor(uniqueName(), { framing: framing.raw() });
    const socket = connectDuplex(server.path, { allowHalfOpen: true });
    const client = tls.connect({ ...asClient, socket });
    const stream = (await next(server)).toDuplex({ allowHalfOpen: true });
    const secure = new tls.TLSSocket(stream as never, { isServer: true, ...asServer } as tls.TLSSocketOptions);
    secure.pipe(secure);
    await once(client, 'secureConnect');
    const sent = pattern(300_000).toString('latin1');
    const answer = text(client.setEncoding('latin1'));
    client.end(sent, 'latin1');
    expect((await answer) === sent).toBe(true);
  });

  it('is a server’s connection like any other', async () => {
    const server = await serverFor(uniqueName(), { framing: framing.raw() });
    const secure = tls.createServer(asServer, (socket) => socket.end('secret'));
    const client = tls.connect({ ...asClient, socket: connectDuplex(server.path) });
    secure.emit('connection', (await next(server)).toDuplex());
    expect(await text(client)).toBe('secret');
  });
});
