// The addon's whole surface. What crosses is flat: numbers, slabs of bytes, tables of offsets.
import { differences, type FILE_OPERATIONS, type FRAMINGS } from './constants.ts';
import type { PipeError } from './errors.ts';
import { loadAddon } from './loading.ts';

/** Why something failed, as native code reports it; `errors.ts` makes the Error. */
export type RawFailure = readonly [
  code: string,
  syscall: string,
  os: number,
  hint: string | undefined,
  /** What was declared, the limit and the position in the stream, when a frame was at fault. */
  frame?: readonly [declared: number, limit: number, position: number],
  /** The option that brought it about. */
  option?: string,
];

/** What framings have: see native/codec/framing.h. */
interface FramingFields {
  lengthBytes: number;
  bigEndian: boolean;
  keepHeader: boolean;
  trimCr: boolean;
  offset: number;
  unit: number;
  adjustment: number;
  delimiter: Uint8Array;
  moreDelimiters: readonly Uint8Array[];
  lastFrame: boolean;
  frameBytes: number;
}

/** A framing, spelled out: its kind, and the fields that this kind has. */
export type RawFraming = { [Kind in keyof typeof FRAMINGS]: RawFramingOf<Kind> }[keyof typeof FRAMINGS];

/** The same without what all have. */
export type RawFramingFields = {
  [Kind in keyof typeof FRAMINGS]: Omit<RawFramingOf<Kind>, 'maxFrameLength'>;
}[keyof typeof FRAMINGS];

type RawFramingOf<Kind extends keyof typeof FRAMINGS> = {
  readonly kind: Kind;
  readonly maxFrameLength: number;
} & Partial<Pick<FramingFields, (typeof FRAMINGS)[Kind][number]>>;

declare const isFraming: unique symbol;

/** A framing as native code holds it: made once, so that no connection has to spell it out. */
export interface NativeFraming {
  readonly [isFraming]: true;
  /** Frames of up to so many bytes are never refused. −1: native code has to look at each. */
  readonly neverRefused: number;
  /** What a frame has beside its bytes is behind them, of any length, and nothing before. */
  readonly delimits: boolean;
}

/** What limits a connection. Times are in whole ms, 0: none. */
export interface RawLimits {
  firstFrameTimeout: number;
  frameTimeout: number;
  idleTimeout: number;
  writeTimeout: number;
  busyPoll: boolean;
}

/** A kind (one of PRINCIPALS) and a SID, an id or nothing (`''`), again and again. */
export type RawPrincipals = readonly (number | string)[];

/** An SDDL; or who may connect beside the server's own user, and one of INTEGRITIES. */
export type RawAccess = string | { readonly allow: RawPrincipals; readonly integrity: number };

export interface RawListenOptions {
  path: string;
  framing: NativeFraming;
  /** One of DIRECTIONS, as this end sees it. */
  direction: number;
  highWaterMark: number;
  access: RawAccess;
  allowRemote: boolean;
  exclusive: boolean;
  /** 0: unlimited. */
  maxInstances: number;
  pendingInstances: number;
  backlog: number;
  /** 0: unlimited. */
  maxPerUser: number;
  limits: RawLimits | undefined;
  inBuffer: number;
  outBuffer: number;
}

/**
 * One JavaScript environment's loop. Functions that can fail return a RawFailure instead of their number.
 * A number names a connection, a listener, an identity or a request: a whole number below 2^53 that is never given out
 * twice. One that was given back, and 0, name nothing.
 *
 * `deliver` tells the events, a batch at a time: `count` events of four numbers each, in `events`
 * (whose last element is 1 while a delivery and its microtasks run: what is sent then needs no flush of its own):
 *
 * | kind | id | third | fourth | takes from `extras` |
 * | --- | --- | --- | --- | --- |
 * | Slab | 0 | 1: for the next Frames event only | | the Buffer that frames are in from now on |
 * | Frames | connection | where in `table` | how many | |
 * | Ended, Closed | connection | 1 if it failed | | RawFailure if it failed |
 * | Unsent | connection | 1 | | RawFailure |
 * | Drained | connection | | | |
 * | Accepted | listener | connection | | |
 * | Unlistened | listener | | | |
 * | Settled | request | 1 if it failed | | the result, or the RawFailure |
 *
 * When the value of a Settled event has been given to somebody, its kind is replaced by −1: what is a descriptor is closed
 * by native code otherwise.
 *
 * A Frames event's part of the table: the chunk's length in bytes, what it counts for, then begin and end of each frame
 * within the slab.
 */
export interface NativeLoop {
  listen(options: RawListenOptions): number | RawFailure;
  /**
   * The connection; or 0, and `request` is settled with it. `direction`: as for `listen`.
   * `impersonation`: one of LEVELS.
   */
  connect(
    path: string,
    framing: NativeFraming,
    direction: number,
    highWaterMark: number,
    impersonation: number,
    /** Whose pipe it may be; empty: anybody's. */
    serverOwners: RawPrincipals,
    request: number,
    limits?: RawLimits,
  ): number | RawFailure;
  /**
   * Windows: settles `request` when the pipe, which was busy, has room for another client; with a failure when it was not
   * within `milliseconds`. False: it is never settled, since nobody can be asked (another machine's pipe; Linux).
   */
  waitForInstance(path: string, milliseconds: number, request: number): boolean;
  /** The request is settled soon, if it is not yet. */
  cancelWait(request: number): void;
  /** Why clients could not be let in, the last time that happened. */
  lastFailure(listener: number): RawFailure | undefined;
  setAccess(listener: number, access: RawAccess): 0 | RawFailure;
  /** Windows: the pipe's descriptor, in SDDL. Elsewhere `''`. */
  access(listener: number): string | RawFailure;
  closeListener(listener: number): void;
  keepListenerAlive(listener: number, on: boolean): void;
  /** Connections that were closed at once because of `maxPerUser`. */
  refused(listener: number): number;
  /**
   * Somebody has taken this connection from its server, or nobody is to take it any more: another client may be let in.
   * Until then it is read no further than 64 KiB.
   */
  taken(listener: number, connection: number): void;

  /** Queues a frame; returns the bytes now queued. */
  send(connection: number, frame: Uint8Array): number | RawFailure;
  /** All of them, or none. */
  sendMany(connection: number, frames: readonly Uint8Array[]): number | RawFailure;
  /** The same for `count` frames that lie in a slab: begin and end of each in `bounds`, from frame `first` on. */
  sendBatch(
    connection: number,
    slab: Uint8Array,
    bounds: Uint32Array,
    first: number,
    count: number,
  ): number | RawFailure;
  /**
   * The same for connections that all have this framing, but for none for which more than its high-water mark is queued:
   * these stay in `connections`, and 0 takes the place of the others. Returns for how many they are queued. The frames: an
   * array of them, or as `sendBatch` takes them.
   */
  broadcast(
    framing: NativeFraming,
    connections: Float64Array,
    ...frames: [readonly Uint8Array[]] | [slab: Uint8Array, bounds: Uint32Array, first: number, count: number]
  ): number | RawFailure;
  /** Queues what the outbox holds. What is much by now is written, too. */
  takeOutbox(): void;
  /** Queues what the outbox holds, too, and writes what was queued since the last flush, on every connection. */
  flush(): void;
  /** `cost`: as the Frames events said. */
  consumed(connection: number, cost: number): void;
  /** Nobody reads in this slab, which was told for frames of this connection alone, any more: its next ones may lie there. */
  giveBack(connection: number, slab: Uint8Array): void;
  /** framing.custom(): so many more frames are complete, and so many bytes are of one that is not. */
  framed(connection: number, frames: number, incomplete: number): void;
  /** framing.custom(): what has come breaks it; nothing more is read, and no Ended event follows. */
  stopReading(connection: number): void;
  /** Settles `request` when all is written: with 1 if the peer sees the end, with 0 where it cannot. */
  endSending(connection: number, request: number): 0 | RawFailure;
  close(connection: number): void;
  destroy(connection: number): void;
  waitForDrain(connection: number, request: number): 0 | RawFailure;
  cancelDrain(connection: number, request: number): void;
  keepAlive(connection: number, on: boolean): void;
  /**
   * Fills in the bytes in and out, the frames in and out; then who the peer is: its pid, Windows session, uid and gid,
   * −1 where there is none; then the bytes queued, the bytes of an incomplete frame, 1 if reading waits for JavaScript, and
   * for how many ms no byte has come or gone.
   */
  describe(connection: number, numbers: Float64Array): void;
  /** For tests: numbers from now on have this generation (their bits above 20) or a later one. */
  countFrom(generation: number): void;

  /** Settles `request` with a number for the client's identity; `toAct`: only if it suffices to act as the client. */
  takeIdentity(client: number | FormerClient, toAct: boolean, request: number): undefined | RawFailure;
  /** When the end of a server's connection is told: its client, in the place of the number from then on, if it stays known. */
  keepClient(connection: number): FormerClient | undefined;
  /** It is nobody any more. */
  forgetClient(client: FormerClient): void;
  releaseIdentity(identity: number): void;
  /**
   * Calls `fn(argument)` with the calling thread being the client, and returns what it returns or throws what it throws.
   * Throws a RawFailure, and does not call it, if the thread cannot be the client.
   */
  callAs<A, R>(identity: number, fn: (argument: A) => R, argument: A): R;
  /** Inside `callAs`: calls `fn` as this process itself. */
  callAsItself<R>(fn: () => R): R;
  /** Inside `callAs`: the threads that `fn` has made until now are the server's, not the client's. */
  secureThreads(): void;
  /** Whether the calling thread, as whoever it acts, may use the file in this way (`fs.constants.R_OK` …). */
  checkAccess(path: string | Uint8Array, mode: number): 0 | RawFailure;
  /**
   * Settles `request` with the result of the operation, done as the client on an impersonation thread.
   * `flags`: of `fs.constants`; for mkdir and rm, RECURSIVE and FORCE. `mode`: of what is made; for readFile, the most
   * bytes that may be read. `more`: what to write, or the new name. `special`: also of what is not a regular file.
   */
  perform(
    identity: number,
    request: number,
    operation: Operation,
    path: string | Uint8Array,
    flags?: number,
    mode?: number,
    more?: string | Uint8Array,
    special?: boolean,
  ): undefined | RawFailure;
  /** Nobody waits for what `perform` has begun under this number: it is not done, or goes no further, and is not settled. */
  cancelOperation(request: number): void;
}

/** The client of a connection that has ended: native memory, which goes with this. */
export type FormerClient = object;

/** What an impersonation thread can do as the client: see native/impersonation/operations.h. */
export type Operation = (typeof FILE_OPERATIONS)[number] | 'user';

/** The slab that holds frames and the table of their boundaries; and the failure behind them, if there is one. */
export interface NativeFrames {
  slab: Buffer;
  table: Uint32Array;
  failure?: RawFailure | PipeError;
}

export interface NativeDecoder {
  push(chunk: Uint8Array): NativeFrames;
  /** The stream has ended; that may be the last frame's end. */
  end(): NativeFrames;
}

export interface NativeAddon {
  /** What native code takes for granted, as constants.ts does. */
  readonly constants?: Readonly<Record<string, unknown>>;
  /**
   * `deliver` is called on this thread with what has happened; `events` and `table` are read then. What is gathered in
   * `outbox` is taken before native code does anything else for a connection, and at every flush.
   */
  attach(
    deliver: (count: number, extras: readonly unknown[] | undefined) => void,
    events: Float64Array,
    table: Uint32Array,
    outbox: Uint8Array,
    outboxTable: Float64Array,
  ): NativeLoop;
  framing(raw: RawFraming): NativeFraming | RawFailure;
  createDecoder(framing: NativeFraming): NativeDecoder;
  /** The SID (Windows) or the number of the user or group of that name; a failure `ENOENT`: there is none. */
  lookUp(group: boolean, name: string): Promise<string | number | RawFailure>;
  /** The frame as it goes over the wire. */
  encode(framing: NativeFraming, frame: Uint8Array): Buffer | RawFailure;
}

function checkedAddon(): NativeAddon {
  const addon = loadAddon<NativeAddon>(import.meta.url);
  const differing = differences(addon.constants);
  if (differing.length === 0) return addon;
  throw new Error(
    "framepipe's addon and its JavaScript are of different versions: reinstall it with `npm install framepipe`, " +
      `or in a clone build both with \`npm run build\` (they differ in ${differing.join(', ')})`,
  );
}

export const native: NativeAddon = checkedAddon();
