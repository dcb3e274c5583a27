// toDuplex: listeners that throw, and node:http's answers to requests that it refuses.
import { execFile } from 'node:child_process';
import http from 'node:http';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { framing } from '../lib/index.ts';
import { pipePath } from '../lib/name.ts';
import { clientFor, readAll, serverFor, uniqueName } from './support/pipes.ts';

const child = fileURLToPath(new URL('support/throwing-child.js', import.meta.url));
const raw = { framing: framing.raw() };

async function log(what: string, over: 'pipe' | 'net'): Promise<string[]> {
  const name = over === 'net' && what === 'handler' ? pipePath(uniqueName()) : uniqueName();
  const { stdout } = await promisify(execFile)(process.execPath, [child, what, name, over]);
  return JSON.parse(stdout) as string[];
}

describe('what a listener throws', () => {
  it('is an uncaught exception, and the stream goes on, as with a socket', async () => {
    const events = ['written', 'data one', 'data two', 'data three', 'end'];
    const expected = events.flatMap((event) => [event, `uncaughtException ${event.split(' ')[0]}`]);
    expect(await log('stream', 'net')).toEqual(expected);
    expect(await log('stream', 'pipe')).toEqual(expected);
  });

  it("as 'error', or nobody listening for that, does not keep 'close' from coming", async () => {
    const expected = ['uncaughtException why', 'close true', 'uncaughtException listener', 'close true'];
    expect(await log('error', 'net')).toEqual(expected);
    expect(await log('error', 'pipe')).toEqual(expected);
  });

  it('in an HTTP handler is an uncaught exception, after which the server goes on', async () => {
    const expected = ['uncaughtException handler', '/first', '/last'];
    expect(await log('handler', 'net')).toEqual(expected);
    expect(await log('handler', 'pipe')).toEqual(expected);
  });
});

describe('an HTTP server over a pipe', () => {
  /** What it answers to these bytes, sent at once. */
  async function answer(request: string, options: http.ServerOptions = {}): Promise<string> {
    const app = http.createServer({ ...options, connectionsCheckingInterval: 20 }, (_request, response) =>
      response.end(),
    );
    app.emit('listening'); // from here on it looks for requests that take too long
    const server = await serverFor(uniqueName(), raw);
    server
      .serve(
        (pipe) => {
          app.emit('connection', pipe.toDuplex());
          return pipe.closed;
        },
        { onError() {} },
      )
      .catch(() => {});
    const client = await clientFor(server.path, raw);
    await client.send(Buffer.from(request));
    const text = String(Buffer.concat(await readAll(client)));
    app.close();
    return text;
  }

  it.each([
    ['400 Bad Request', 'nonsense\r\n\r\n', {}],
    ['431 Request Header Fields Too Large', `GET / HTTP/1.1\r\nHost: x\r\nLong: ${'l'.repeat(20_000)}\r\n\r\n`, {}],
    [
      '413 Payload Too Large',
      `POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n2;${'e'.repeat(20_000)}\r\nxx\r\n0\r\n\r\n`,
      {},
    ],
    ['408 Request Timeout', 'GET / HTTP/1.1\r\nHost: x\r\n', { headersTimeout: 50, requestTimeout: 100 }],
  ])('says %s', async (status, request, options) => {
    expect(await answer(request, options)).toContain(`HTTP/1.1 ${status}\r\n`);
  });
});
