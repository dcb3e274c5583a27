// What may be asked for, with defaults; and how it is spelled for native code.
import { availableParallelism } from 'node:os';
import { DIRECTIONS, LEVELS } from './constants.ts';
import { invalid, PipeError } from './errors.ts';
import { framing as framings } from './framing/factories.ts';
import { type Framing, rawFraming } from './framing/framing.ts';
import { rawLimits } from './limits.ts';
import type { RawLimits, RawListenOptions } from './native.ts';
import { checked, checkNames, type Names } from './option-names.ts';
import { type Access, type Named, type NamedAccess, namedAccess, namedOwners, type ServerOwner } from './principals.ts';

/** Which way frames go, as the side that says it sees it. */
export type Direction = 'duplex' | 'in' | 'out';

/**
 * What a server may do with the identity of a client that connects to it (Windows: `SECURITY_SQOS_PRESENT`), always with
 * `SECURITY_EFFECTIVE_ONLY`: privileges and groups that this process has disabled are not the server's to enable.
 */
export type ImpersonationLevel = 'anonymous' | 'identification' | 'impersonation' | 'delegation';

interface ChannelOptions<T> {
  /** How bytes become frames and frames bytes; the same on both sides. Default: `framing.lengthPrefix()`. */
  framing?: Framing<T> | undefined;
  /** Which way frames go. Default: `'duplex'`. */
  direction?: Direction | undefined;
  /**
   * Bytes that are kept for a slow reader before the loop stops reading, and bytes of sent frames that are queued before
   * `send` makes its caller wait. Default: 1 MiB. What counts is memory, so that no frame counts for nothing; a peer can
   * make this process hold so much and one frame, no more. A length that is declared reserves 64 KiB more than twice what
   * has arrived, or up to 1 MiB where a frame as long has come before. A connection that nobody has taken from its server
   * is read no further than 64 KiB.
   */
  highWaterMark?: number | undefined;
  /**
   * Ends the connection, with `ETIMEDOUT` and the error's `option`, when a frame that has begun stays incomplete for so
   * many ms. Not for `framing.raw()`, for `framing.message()` and for an end that is `'out'` (`EINVAL`): nothing is incomplete
   * there. Stands still while this process itself does not read.
   */
  frameTimeout?: number | undefined;
  /**
   * The same when nothing comes and nothing goes for so many ms. While this process does not read it runs only when the
   * peer takes nothing of what is queued.
   */
  idleTimeout?: number | undefined;
  /**
   * The same when the peer takes nothing of what is queued for so many ms, whether this process reads or not. What it has
   * read counts (Linux: `SIOCOUTQ`; Windows: each write, of up to 64 KiB); a message of `framing.message()` counts whole.
   * Not for an end that is `'in'` (`EINVAL`).
   */
  writeTimeout?: number | undefined;
  /**
   * Whether the loop may wait for this peer without falling asleep when peers are answered at once and answer at once: for no
   * longer than it takes to be woken, which is measured, and 100 µs at most. Default: `true`. `false` is for containers with little processor.
   */
  busyPoll?: boolean | undefined;
}

/** For {@link listen}. */
export interface ListenOptions<T = Buffer> extends ChannelOptions<T> {
  /** Who may connect. Default: `'owner'`. */
  access?: Access | undefined;
  /** Windows: whether clients on other machines may connect. Default: `false` (`PIPE_REJECT_REMOTE_CLIENTS`). */
  allowRemote?: boolean | undefined;
  /**
   * Fail with `EADDRINUSE` when somebody already serves this name (Windows: as `FILE_FLAG_FIRST_PIPE_INSTANCE`).
   * `false` (Windows only) lets several processes of one user share it, with the same direction, and with or without
   * `framing.message()`; elsewhere `listen` rejects with `ENOTSUP`. Default: `true`.
   */
  exclusive?: boolean | undefined;
  /**
   * Connections at once of this server, 1…254; more clients find the pipe busy, and the name stays the server's. Windows
   * has one instance more, which holds the name. Default: `'unlimited'`.
   */
  maxInstances?: number | 'unlimited' | undefined;
  /**
   * Windows: instances kept waiting for clients, but no more than `backlog` has room for. Default: twice the number of cores,
   * but 4…64.
   */
  pendingInstances?: number | undefined;
  /**
   * Connections that nobody has taken from the server yet. Default: 128. Beyond it nobody is let in until one is taken:
   * clients find the pipe busy (Windows), or wait in the kernel's queue (Linux).
   */
  backlog?: number | undefined;
  /**
   * Connections at once of each client user (Windows: SID; anonymous clients are one user. Linux: uid). The next one is
   * closed and counted in `stats().refused`. Default: `'unlimited'`. Windows: counted with its first bytes, which bring
   * the client's token, and so it may have been handed over by then. `EINVAL` with `direction: 'out'`, where none come.
   */
  maxPerUser?: number | 'unlimited' | undefined;
  /**
   * Ends a connection, as `frameTimeout` does, when its first frame is not complete within so many ms. Not for
   * `direction: 'out'` (`EINVAL`).
   */
  firstFrameTimeout?: number | undefined;
  /** The operating system's buffers, in bytes, for each direction. Default: 64 KiB. */
  bufferSize?: number | { readonly in: number; readonly out: number } | undefined;
  /** Closes the server, and only the server, when it aborts. */
  signal?: AbortSignal | undefined;
}

/** For {@link connect}. */
export interface ConnectOptions<T = Buffer> extends ChannelOptions<T> {
  /** Windows: the machine that the pipe is on. Default: this one. */
  host?: string | undefined;
  /** How long a busy pipe (and, with `waitForServer`, an absent one) is waited for, in ms. Default: 10,000. */
  timeout?: number | undefined;
  /** Also wait for the pipe to appear instead of failing with `ENOENT` at once. Default: `false`. */
  waitForServer?: boolean | undefined;
  /** Windows: what the server may do with this process's identity. Default: `'identification'`. */
  impersonation?: ImpersonationLevel | undefined;
  /**
   * Refuse a pipe that somebody else serves (`ERR_PIPE_UNTRUSTED_SERVER`), before the first byte. `'self'`: all but this user
   * (Windows: the owner of this process's token; SYSTEM: it or Administrators). `'administrators'`: all but Administrators and
   * SYSTEM (Linux: root). Or whom it names, or a list of all these. Default: `'any'`.
   */
  serverOwner?: 'any' | ServerOwner | readonly ServerOwner[] | undefined;
  /** Gives up connecting when it aborts; a connection that stands is not affected. */
  signal?: AbortSignal | undefined;
}

/** What both sides of a connection keep of their options: checked, with defaults, and numbers for names as native code has them. */
export interface Channel<T> {
  readonly path: string;
  readonly framing: Framing<T>;
  readonly direction: number;
  readonly highWaterMark: number;
  readonly limits: RawLimits | undefined;
}

/** Of listen. Accounts in `access` have still to be looked up. */
export interface ListenChannel<T> extends Channel<T>, Omit<RawListenOptions, keyof Channel<T> | 'access'> {
  readonly access: NamedAccess;
}

/** Of connect. Accounts in `serverOwners` have still to be looked up. */
export interface ConnectChannel<T> extends Channel<T> {
  readonly impersonation: number;
  readonly serverOwners: Named;
}

const CHANNEL: Names<ChannelOptions<unknown>> = {
  framing: true,
  direction: true,
  highWaterMark: true,
  frameTimeout: true,
  idleTimeout: true,
  writeTimeout: true,
  busyPoll: true,
};
const LISTEN: Names<ListenOptions<unknown>> = {
  ...CHANNEL,
  access: true,
  allowRemote: true,
  exclusive: true,
  maxInstances: true,
  pendingInstances: true,
  backlog: true,
  maxPerUser: true,
  firstFrameTimeout: true,
  bufferSize: true,
  signal: true,
};
export const CONNECT: Names<ConnectOptions<unknown>> = {
  ...CHANNEL,
  host: true,
  timeout: true,
  waitForServer: true,
  impersonation: true,
  serverOwner: true,
  signal: true,
};
const SIGNAL: Names<{ signal?: AbortSignal | undefined }> = { signal: true };
const DEFAULT_FRAMING = framings.lengthPrefix();
const KIB = 1024;
const LARGEST = 0x7fff_ffff;

/** Throws a PipeError `EINVAL` when one of them does not exist. */
export function checkListenOptions<T>(options: ListenOptions<T>): void {
  checked('listen', options, LISTEN);
}

/** Throws a PipeError `EINVAL` when one of them does not exist. */
export function checkConnectOptions<T>(options: ConnectOptions<T>): void {
  checked('connect', options, CONNECT);
}

export function listenOptions<T>(path: string, options: ListenOptions<T>): ListenChannel<T> {
  const { in: inBuffer, out: outBuffer } = bothBuffers(options.bufferSize ?? 64 * KIB);
  const pending = Math.min(64, Math.max(4, 2 * availableParallelism()));
  if (options.exclusive === false && process.platform !== 'win32') {
    throw new PipeError(
      'ENOTSUP',
      'exclusive: false is for Windows: one Unix socket cannot be shared by several servers. Let one process listen and ' +
        'pass frames on to the others, each on a name of its own',
    );
  }
  const framing = framingOf(options);
  const direction = directionOf(options);
  return {
    path,
    framing,
    direction,
    highWaterMark: highWaterMarkOf(options),
    limits: rawLimits(options, framing, direction),
    access: namedAccess(options.access ?? 'owner'),
    allowRemote: boolean('allowRemote', options.allowRemote ?? false),
    exclusive: boolean('exclusive', options.exclusive ?? true),
    maxInstances: maxInstances(options.maxInstances ?? 'unlimited'),
    pendingInstances: integer('pendingInstances', options.pendingInstances ?? pending, 1, 254, 'instances'),
    backlog: integer('backlog', options.backlog ?? 128, 1, LARGEST, 'connections'),
    maxPerUser: maxPerUser(options),
    inBuffer: integer('bufferSize', inBuffer, 0, LARGEST, 'bytes'),
    outBuffer: integer('bufferSize', outBuffer, 0, LARGEST, 'bytes'),
  };
}

export function connectOptions<T>(path: string, options: ConnectOptions<T>): ConnectChannel<T> {
  const framing = framingOf(options);
  const direction = directionOf(options);
  return {
    path,
    framing,
    direction,
    highWaterMark: highWaterMarkOf(options),
    limits: rawLimits(options, framing, direction),
    impersonation: choice('impersonation', options.impersonation ?? 'identification', LEVELS),
    // Not null either: who has no owner to name shall not trust anybody by that.
    serverOwners: namedOwners(options.serverOwner === undefined ? 'any' : options.serverOwner),
  };
}

/** A duration in ms: any number from 0 up, `Infinity` included. */
export function milliseconds(name: string, value: number): number {
  if (typeof value !== 'number' || !(value >= 0)) throw invalid(name, value, 'a number of milliseconds from 0 up');
  return value;
}

export function boolean(name: string, value: boolean): boolean {
  if (typeof value !== 'boolean') throw invalid(name, value, 'true or false');
  return value;
}

export function callable<F>(name: string, value: F): F {
  if (typeof value !== 'function') throw invalid(name, value, 'a function');
  return value;
}

/** The signal in the options of `call`, which has no other. */
export function signalOf(call: string, options: { signal?: AbortSignal | undefined }): AbortSignal | undefined {
  return abortSignal(checked(call, options, SIGNAL).signal);
}

export function abortSignal(signal: AbortSignal | undefined): AbortSignal | undefined {
  if (signal !== undefined && !(signal instanceof AbortSignal)) throw invalid('signal', signal, 'an AbortSignal');
  return signal;
}

function bothBuffers(size: number | { readonly in: number; readonly out: number }): { in: number; out: number } {
  if (typeof size !== 'object' || size === null) return { in: size, out: size };
  checkNames('bufferSize', size, { in: true, out: true });
  return size;
}

/** The framing that was asked for, or the default one. */
function framingOf<T>(options: ChannelOptions<T>): Framing<T> {
  const chosen = options.framing ?? (DEFAULT_FRAMING as unknown as Framing<T>);
  rawFraming(chosen); // throws when it is not one
  return chosen;
}

function directionOf(options: ChannelOptions<unknown>): number {
  return choice('direction', options.direction ?? 'duplex', DIRECTIONS);
}

function highWaterMarkOf(options: ChannelOptions<unknown>): number {
  return integer('highWaterMark', options.highWaterMark ?? KIB * KIB, 1, LARGEST, 'bytes');
}

function maxPerUser({ maxPerUser = 'unlimited', direction }: ListenOptions<unknown>): number {
  if (maxPerUser === 'unlimited') return 0;
  const most = integer('maxPerUser', maxPerUser, 1, LARGEST, "connections, or 'unlimited'");
  if (direction !== 'out') return most;
  throw new PipeError('EINVAL', "maxPerUser is not for direction: 'out': who a client is comes with what it sends");
}

function maxInstances(value: number | 'unlimited'): number {
  return value === 'unlimited' ? 0 : integer('maxInstances', value, 1, 254, "instances, or 'unlimited'");
}

function choice<const C extends Record<string, number>>(name: string, value: string, choices: C): number {
  if (typeof value === 'string' && Object.hasOwn(choices, value)) return choices[value]!;
  throw invalid(name, value, `one of ${Object.keys(choices).join(', ')}`);
}

function integer(name: string, value: number, least: number, most: number, unit: string): number {
  if (Number.isInteger(value) && value >= least && value <= most) return value;
  throw invalid(name, value, `a whole number from ${least} to ${most} (${unit})`);
}
