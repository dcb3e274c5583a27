// Pipes for tests: names that nobody else uses, and both ends of one at once.
import { onTestFinished } from 'vitest';
import {
  type ConnectOptions,
  connect,
  type ListenOptions,
  listen,
  type PipeConnection,
  type PipeServer,
} from '../../lib/index.ts';

let count = 0;

/** A name that no other test, file or process uses. */
export function uniqueName(): string {
  return `framepipe-test-${process.pid}-${++count}-${Math.random().toString(36).slice(2, 8)}`;
}

/** A server that is closed, with its connections, when the test is over. */
export async function serverFor<T = Buffer>(name: string, options: ListenOptions<T> = {}): Promise<PipeServer<T>> {
  const server = await listen(name, options);
  onTestFinished(() => server.close({ connections: true, timeout: 100 }).catch(() => {}));
  return server;
}

/** A client's end that is destroyed when the test is over. */
export async function clientFor<T = Buffer>(name: string, options: ConnectOptions<T> = {}): Promise<PipeConnection<T>> {
  const client = await connect(name, options);
  onTestFinished(() => client.destroy());
  return client;
}

export interface Pair<T> {
  name: string;
  server: PipeServer<T>;
  /** The server's end. */
  served: PipeConnection<T>;
  client: PipeConnection<T>;
}

/** A server, and one client that is connected to it: with the same framing and mark. */
export async function pair<T = Buffer>(
  options: ListenOptions<T> = {},
  clientOptions: ConnectOptions<T> = {},
): Promise<Pair<T>> {
  const name = uniqueName();
  const server = await serverFor(name, options);
  const { framing, highWaterMark } = options;
  const client = await clientFor(name, { framing, highWaterMark, ...clientOptions });
  const served = await next(server);
  return { name, server, served, client };
}

/** The next connection of a server. */
export async function next<T>(server: PipeServer<T>): Promise<PipeConnection<T>> {
  for await (const connection of server) return connection;
  throw new Error('the server was closed');
}

/** All frames until the end. */
export async function readAll<T>(connection: PipeConnection<T>): Promise<T[]> {
  const frames: T[] = [];
  for await (const frame of connection) frames.push(frame);
  return frames;
}

/** Bytes that tell where they were in the stream, so that a gap or a swap shows. */
export function pattern(length: number, seed = 0): Buffer {
  const bytes = Buffer.allocUnsafe(length);
  for (let i = 0; i < length; i++) bytes[i] = (i * 31 + (i >> 8) * 17 + seed) & 255;
  return bytes;
}

/** Waits until `condition` holds; fails after `ms`. */
export async function until(condition: () => boolean | Promise<boolean>, what: string, ms = 10_000): Promise<void> {
  const deadline = Date.now() + ms;
  while (!(await condition())) {
    if (Date.now() > deadline) throw new Error(`waited ${ms} ms in vain until ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}
