// What TypeScript makes of the public API. Never run: test/types.linux.test.ts has it compiled, against dist/.
import type { Stats } from 'node:fs';
import { type Agent, createServer } from 'node:http';
import { createServer as createServer2 } from 'node:http2';
import type { Duplex } from 'node:stream';
import {
  type Access,
  type AsClient,
  type ClientUser,
  type ConnectOptions,
  connect,
  connectDuplex,
  type DiscordFrame,
  encodeFrame,
  type FrameBatch,
  FrameDecoder,
  type Framing,
  framing,
  type ListenOptions,
  listen,
  type Peer,
  type PipeConnection,
  type PipeDuplex,
  PipeError,
  type PipeErrorCode,
  type PipeServer,
  type ReconnectIterator,
  reconnect,
} from 'framepipe';
import { PipeAgent, type ServedHttp, serveHttp } from 'framepipe/http';
import { expectTypeOf } from 'vitest';

interface Point {
  x: number;
  y: number;
}

export async function frames(): Promise<void> {
  // Buffers, unless said otherwise.
  expectTypeOf(await listen('a')).toEqualTypeOf<PipeServer<Buffer>>();
  expectTypeOf(await connect('a')).toEqualTypeOf<PipeConnection<Buffer>>();
  expectTypeOf(await connect('a', {})).toEqualTypeOf<PipeConnection<Buffer>>();
  expectTypeOf(await connect('a', { framing: framing.lengthPrefix() })).toEqualTypeOf<PipeConnection<Buffer>>();
  expectTypeOf(await connect('a', { framing: framing.sshAgent() })).toEqualTypeOf<PipeConnection<Buffer>>();

  // What they are follows from the framing's `as`, and from nothing else.
  expectTypeOf(await listen('a', { framing: framing.streamString() })).toEqualTypeOf<PipeServer<string>>();
  expectTypeOf(await connect('a', { framing: framing.lines({ as: 'utf8' }) })).toEqualTypeOf<PipeConnection<string>>();
  expectTypeOf(framing.lengthPrefix({ bytes: 2, endian: 'big' })).toEqualTypeOf<Framing<Buffer>>();
  expectTypeOf(framing.lengthPrefix({ as: 'buffer' })).toEqualTypeOf<Framing<Buffer>>();
  expectTypeOf(framing.varint({ as: 'latin1' })).toEqualTypeOf<Framing<string>>();
  expectTypeOf(framing.lines({ as: 'json' })).toEqualTypeOf<Framing<unknown>>();
  expectTypeOf(framing.contentLength<Point>({ as: 'json' })).toEqualTypeOf<Framing<Point>>();
  expectTypeOf(framing.delimited('\0', { as: 'hex' })).toEqualTypeOf<Framing<string>>();
  expectTypeOf(framing.delimited<Point>(Buffer.of(0), { as: 'json' })).toEqualTypeOf<Framing<Point>>();
  expectTypeOf(framing.delimited(['\n', Buffer.of(0)], { as: 'utf8' })).toEqualTypeOf<Framing<string>>();
  expectTypeOf(framing.lines({ lastLine: 'frame', as: 'utf8' })).toEqualTypeOf<Framing<string>>();
  expectTypeOf(framing.fixed(8)).toEqualTypeOf<Framing<Buffer>>();
  expectTypeOf(framing.fixed<Point>(8, { as: 'json' })).toEqualTypeOf<Framing<Point>>();
  expectTypeOf(framing.netstring({ as: 'utf8' })).toEqualTypeOf<Framing<string>>();
  const decoder = () => (bytes: Buffer, start: number) => bytes.indexOf(0, start) + 1 || -1;
  expectTypeOf(framing.custom({ decoder, encode: (frame) => frame })).toEqualTypeOf<Framing<Buffer>>();
  expectTypeOf(framing.custom<Buffer>({ decoder, encode: (frame) => [frame] })).toEqualTypeOf<Framing<Buffer>>();
  // @ts-expect-error: without parse, frames are their bytes
  framing.custom<Point>({ decoder, encode: ({ x }) => Buffer.of(x) });
  expectTypeOf(
    framing.custom<Point>({ decoder, parse: (frame) => JSON.parse(`${frame}`), encode: ({ x }) => Buffer.of(x) }),
  ).toEqualTypeOf<Framing<Point>>();
  // @ts-expect-error what makes the bytes is not left out
  framing.custom({ decoder });
  expectTypeOf(framing.message()).toEqualTypeOf<Framing<Buffer>>();
  expectTypeOf(framing.raw({ as: 'latin1' })).toEqualTypeOf<Framing<string>>();
  expectTypeOf(framing.streamString({ as: 'buffer' })).toEqualTypeOf<Framing<Buffer>>();
  expectTypeOf(framing.streamString<Point>({ as: 'json' })).toEqualTypeOf<Framing<Point>>();
  expectTypeOf(framing.discord<Point>()).toEqualTypeOf<Framing<DiscordFrame<Point>>>();
  expectTypeOf(framing.discord({ as: 'buffer' })).toEqualTypeOf<Framing<DiscordFrame<Buffer>>>();
  expectTypeOf(framing.chromeNativeMessaging<Point>()).toEqualTypeOf<Framing<Point>>();
  expectTypeOf<Framing<string>>().not.toExtend<Framing<Buffer>>();

  // @ts-expect-error a length field has 1, 2, 3, 4 or 8 bytes
  framing.lengthPrefix({ bytes: 5 });
  // @ts-expect-error UTF-8 may be cut in the middle of a character
  framing.raw({ as: 'utf8' });
  // @ts-expect-error StreamString is UTF-16
  framing.streamString({ as: 'utf8' });
  // @ts-expect-error no such encoding
  framing.lines({ as: 'utf9' });
  // @ts-expect-error a framing is made by these functions only
  await connect('a', { framing: { kind: 'raw', maxFrameLength: 1 } });
}

export async function connection(pipe: PipeConnection<Point>, text: PipeConnection<string>): Promise<void> {
  expectTypeOf(pipe.read()).toEqualTypeOf<Promise<Point | null>>();
  expectTypeOf(pipe.send).parameter(0).toEqualTypeOf<Point | Uint8Array>();
  expectTypeOf(pipe.sendMany).parameter(0).toEqualTypeOf<Iterable<Point | Uint8Array> | FrameBatch<unknown>>();
  for await (const frame of pipe) expectTypeOf(frame).toEqualTypeOf<Point>();
  for await (const batch of pipe.batches()) {
    expectTypeOf(batch).toEqualTypeOf<FrameBatch<Point>>();
    expectTypeOf(batch.at(0)).toEqualTypeOf<Point | undefined>();
    for (const frame of batch) expectTypeOf(frame).toEqualTypeOf<Point>();
  }
  expectTypeOf(pipe.closed).toEqualTypeOf<Promise<void>>();
  expectTypeOf(pipe.signal).toEqualTypeOf<AbortSignal>();
  expectTypeOf(pipe.state).toEqualTypeOf<'open' | 'closing' | 'closed'>();
  expectTypeOf(pipe.end()).toEqualTypeOf<Promise<boolean>>();
  expectTypeOf(pipe.queued).toEqualTypeOf<number>();
  await pipe.send({ x: 1, y: 2 }, { signal: pipe.signal });
  expectTypeOf(pipe.peer).toEqualTypeOf<Peer>();
  expectTypeOf(pipe.peer.uid).toEqualTypeOf<number | undefined>();
  expectTypeOf(pipe.peerUser()).toEqualTypeOf<Promise<ClientUser>>();
  expectTypeOf(pipe.ref().unref()).toEqualTypeOf<PipeConnection<Point>>();
  await pipe.close();
  await pipe.close({ timeout: Infinity });
  await text.send('text');
  // @ts-expect-error neither text nor bytes
  await text.send(42);
  // @ts-expect-error read only
  pipe.path = 'b';
}

export async function server(pipes: PipeServer<string>): Promise<void> {
  for await (const client of pipes) expectTypeOf(client).toEqualTypeOf<PipeConnection<string>>();
  await pipes.serve(async (client) => expectTypeOf(client).toEqualTypeOf<PipeConnection<string>>(), {
    onError: (error, client) => {
      expectTypeOf(error).toEqualTypeOf<unknown>();
      expectTypeOf(client).toEqualTypeOf<PipeConnection<string>>();
    },
  });
  await pipes.serve(
    (client, { signal }) => {
      expectTypeOf(client).toEqualTypeOf<PipeConnection<string>>();
      expectTypeOf(signal).toEqualTypeOf<AbortSignal>();
    },
    { count: 2 },
  );
  expectTypeOf(pipes.clients).toEqualTypeOf<PipeConnection<string>[]>();
  expectTypeOf(pipes.closed).toEqualTypeOf<Promise<void>>();
  expectTypeOf(pipes.broadcast).parameter(0).toEqualTypeOf<Iterable<string | Uint8Array> | FrameBatch<unknown>>();
  expectTypeOf(pipes.broadcast(['x'], { to: new Set(pipes.clients), behind: 'close' }).sent).toEqualTypeOf<number>();
  // @ts-expect-error: another value
  pipes.broadcast(['x'], { behind: 'drop' });
  expectTypeOf(pipes.setAccess).parameter(0).toEqualTypeOf<Access>();
  expectTypeOf(pipes.stats().open).toEqualTypeOf<number>();
}

export async function client(pipe: PipeConnection<string>): Promise<void> {
  expectTypeOf(await pipe.runAsClient(() => 42)).toEqualTypeOf<number>();
  expectTypeOf(await pipe.runAsClient(async (as) => as.stat('a'))).toEqualTypeOf<Stats>();
  await pipe.runAsClient(async (as) => {
    expectTypeOf(as).toEqualTypeOf<AsClient>();
    expectTypeOf(as.open('a', 'r')).toEqualTypeOf<Promise<number>>();
    expectTypeOf(as.readFile('a')).toEqualTypeOf<Promise<Buffer>>();
    expectTypeOf(as.readFile('a', 'utf8')).toEqualTypeOf<Promise<string>>();
    expectTypeOf(as.readFile('a', { encoding: 'utf8' })).toEqualTypeOf<Promise<string>>();
    expectTypeOf(as.readdir('a')).toEqualTypeOf<Promise<string[]>>();
    const [entry] = await as.readdir('a', { withFileTypes: true });
    expectTypeOf(entry!.isFile()).toEqualTypeOf<boolean>();
    expectTypeOf(as.mkdir('a', { recursive: true })).toEqualTypeOf<Promise<string | undefined>>();
    expectTypeOf(as.user()).toEqualTypeOf<Promise<ClientUser>>();
  });
}

export function streams(bytes: PipeConnection, text: PipeConnection<string>): void {
  expectTypeOf(bytes.toDuplex()).toEqualTypeOf<PipeDuplex>();
  expectTypeOf(bytes.toDuplex({ allowHalfOpen: true, linger: 0 })).toExtend<Duplex>();
  expectTypeOf(bytes.toDuplex().connection).toEqualTypeOf<PipeConnection<Buffer>>();
  // @ts-expect-error a stream is of bytes
  text.toDuplex();
}

export function codec(): void {
  expectTypeOf(new FrameDecoder(framing.lines({ as: 'utf8' })).push(Buffer.of())).toEqualTypeOf<string[]>();
  expectTypeOf(new FrameDecoder(framing.varint()).push(new Uint8Array())).toEqualTypeOf<Buffer[]>();
  expectTypeOf(encodeFrame(framing.lines<Point>({ as: 'json' }), { x: 1, y: 2 })).toEqualTypeOf<Buffer>();
  // @ts-expect-error neither a Point nor bytes
  encodeFrame(framing.lines<Point>({ as: 'json' }), { x: 1 });
}

export function options(): void {
  // An option that is undefined is one that was not given: what wraps this library need not leave it out.
  const listening: Required<{ [K in keyof ListenOptions]: ListenOptions[K] | undefined }> = {
    framing: undefined,
    direction: 'in',
    highWaterMark: undefined,
    firstFrameTimeout: 1,
    frameTimeout: undefined,
    idleTimeout: 2,
    writeTimeout: undefined,
    busyPoll: false,
    backlog: undefined,
    maxPerUser: 'unlimited',
    access: { sddl: 'D:' },
    allowRemote: undefined,
    exclusive: false,
    maxInstances: 'unlimited',
    pendingInstances: undefined,
    bufferSize: { in: 1, out: 2 },
    signal: undefined,
  };
  const connecting: Required<{ [K in keyof ConnectOptions]: ConnectOptions[K] | undefined }> = {
    framing: undefined,
    direction: undefined,
    highWaterMark: 1,
    frameTimeout: 1,
    idleTimeout: undefined,
    writeTimeout: 2,
    busyPoll: undefined,
    host: undefined,
    timeout: undefined,
    waitForServer: true,
    impersonation: 'delegation',
    serverOwner: 'self',
    signal: undefined,
  };
  void listen('a', listening);
  void connect('a', connecting);
  // @ts-expect-error no such direction
  void listen('a', { direction: 'both' });
  // @ts-expect-error no such level
  void connect('a', { impersonation: 'all' });
  // @ts-expect-error no such option
  void connect('a', { access: 'owner' });
}

export async function again(signal: AbortSignal): Promise<void> {
  expectTypeOf(reconnect('a')).toEqualTypeOf<ReconnectIterator<Buffer>>();
  const lines = reconnect('a', { framing: framing.lines({ as: 'utf8' }), backoff: { min: 1 }, timeout: 1, signal });
  for await (const pipe of lines) expectTypeOf(pipe).toEqualTypeOf<PipeConnection<string>>();
  await using connections = reconnect('a', { backoff: { max: 1 } }).unref();
  const { value } = await connections.next();
  expectTypeOf(value!.send).parameter(0).toEqualTypeOf<Buffer | Uint8Array>();
  // @ts-expect-error no such pause
  reconnect('a', { backoff: { most: 1 } });
}

export function errors(error: unknown): void {
  if (!(error instanceof PipeError)) return;
  expectTypeOf(error.code).toEqualTypeOf<PipeErrorCode>();
  expectTypeOf(error.winerror).toEqualTypeOf<number | undefined>();
  if (error.code === 'ERR_FRAME_TOO_LARGE') expectTypeOf(error.declaredLength).toEqualTypeOf<number | undefined>();
}

export async function http(): Promise<void> {
  expectTypeOf(connectDuplex('a')).toEqualTypeOf<PipeDuplex>();
  expectTypeOf(connectDuplex('a', { framing: framing.raw(), linger: 1, timeout: 1 })).toExtend<Duplex>();
  // @ts-expect-error a stream is of bytes
  connectDuplex('a', { framing: framing.lines({ as: 'utf8' }) });
  expectTypeOf(await serveHttp(createServer(), 'a', { access: 'everyone' })).toEqualTypeOf<ServedHttp>();
  expectTypeOf(await serveHttp(createServer2(), 'a')).toEqualTypeOf<ServedHttp>();
  // @ts-expect-error HTTP has a framing of its own
  await serveHttp(createServer(), 'a', { framing: framing.raw() });
  expectTypeOf(new PipeAgent('a', { maxSockets: 1, connect: { waitForServer: true } })).toExtend<Agent>();
}
