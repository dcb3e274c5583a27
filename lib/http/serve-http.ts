// An HTTP server on a pipe.
import type http from 'node:http';
import type { Http2Server } from 'node:http2';
import net from 'node:net';
import tls from 'node:tls';
import { invalid, PipeError } from '../errors.ts';
import { framing } from '../framing/factories.ts';
import { listen } from '../listen.ts';
import { checked } from '../option-names.ts';
import type { ListenOptions } from '../options.ts';
import { ServedHttp } from './served-http.ts';

/** What {@link serveHttp} serves: a server of `http.createServer()` or `http2.createServer()`. */
export type HttpServer = http.Server | Http2Server;

/** For {@link serveHttp}: those of `listen`, but for what HTTP itself determines. */
export interface ServeHttpOptions
  extends Omit<ListenOptions<Buffer>, 'framing' | 'direction' | 'frameTimeout' | 'signal'> {
  /** Closes the pipe as `close()` does when it aborts. */
  signal?: AbortSignal | undefined;
}

const DETERMINED = ['framing', 'direction', 'frameTimeout'] as const;
const RAW = framing.raw();

/**
 * Serves HTTP on a pipe: hands each client of the pipe `name` to `server`, as if it had come to its port. Keep-alive,
 * pipelining, upgrades (`ws`), HTTP/2 without TLS, and the server's own limits of time are as there; `request.socket` is a
 * {@link PipeDuplex}, and `request.socket.connection` tells who asks. The pipe closes when the server emits `'close'`; the server
 * emits `'listening'`, unless it listens already.
 *
 * Rejects with a PipeError as `listen` does, and with `EINVAL` for what is no such server.
 *
 * @param server of `http.createServer()` or `http2.createServer()`; it need not listen, and may.
 * @param name as for `listen`.
 */
export async function serveHttp(server: HttpServer, name: string, options: ServeHttpOptions = {}): Promise<ServedHttp> {
  checkServer(server);
  if (typeof options !== 'object' || options === null) checked('serveHttp', options, {} as never);
  for (const option of DETERMINED) {
    if ((options as ListenOptions<Buffer>)[option] !== undefined)
      throw new PipeError('EINVAL', `serveHttp has no option "${option}": HTTP is made of bytes, both ways`);
  }
  const pipe = await listen<Buffer>(name, { ...options, framing: RAW });
  const served = new ServedHttp(server, pipe);
  // From here on Node looks for requests that take too long.
  if (!server.listening) process.nextTick(() => server.emit('listening'));
  return served;
}

function checkServer(server: unknown): void {
  if (server instanceof tls.Server)
    throw new PipeError('EINVAL', 'server must be without TLS: a pipe has its own access control (option "access")');
  if (server instanceof net.Server) return;
  throw invalid(
    'server',
    server,
    'an http.Server, or a server of http2.createServer(): of an app, http.createServer(app)',
  );
}
