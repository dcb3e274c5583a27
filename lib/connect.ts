import { PipeConnection } from './connection.ts';
import { failureToError, PipeError } from './errors.ts';
import { nativeFraming } from './framing/framing.ts';
import { asServerLater } from './impersonation/acting-fs.ts';
import { loop, newRequest, settled } from './loop.ts';
import { pipePath } from './name.ts';
import type { RawPrincipals } from './native.ts';
import { tellConnected } from './observing.ts';
import {
  abortSignal,
  boolean,
  type ConnectChannel,
  type ConnectOptions,
  checkConnectOptions,
  connectOptions,
  milliseconds,
} from './options.ts';
import { rawPrincipals } from './principals.ts';
import { nothing, orAborted, pause, unlessAborted } from './promises.ts';

const DEFAULT_TIMEOUT = 10_000;
/** Where the system wakes nobody: pauses between attempts, in ms. Short at first, for a busy pipe is soon free again. */
const SHORTEST_PAUSE = 1;
const LONGEST_PAUSE = { busy: 10, absent: 50 };
/** How long the system is left to wake us, in ms: Windows tells those who wait nothing of a server that has gone. */
const LONGEST_WAIT = 1000;

/**
 * Connects to a named pipe (Windows: `CreateFileW`) or, elsewhere, to a Unix domain socket.
 *
 * Rejects with a PipeError: `ENOENT` when nobody serves the name (unless `waitForServer`), `ETIMEDOUT` when the pipe
 * stayed busy (or absent) for `timeout` ms, `EACCES` when the server does not let this user in,
 * `ERR_PIPE_UNTRUSTED_SERVER` with `serverOwner`, `EINVAL` or `ENAMETOOLONG` for an invalid name or
 * option; and with the signal's reason.
 *
 * @param name as for `listen`; on Windows also `\\SERVER\pipe\NAME`.
 */
export async function connect<T = Buffer>(name: string, options: ConnectOptions<T> = {}): Promise<PipeConnection<T>> {
  return carryOut(connectPlan(name, options));
}

/** What is to be connected, and how. */
export interface ConnectPlan<T> {
  readonly channel: ConnectChannel<T>;
  readonly timeout: number;
  readonly waitForServer: boolean;
  readonly signal: AbortSignal | undefined;
}

/** Checks all that was asked for; nothing is connected yet. */
export function connectPlan<T>(name: string, options: ConnectOptions<T>): ConnectPlan<T> {
  checkConnectOptions(options);
  const path = pipePath(name, options.host);
  return {
    channel: connectOptions(path, options),
    timeout: milliseconds('timeout', options.timeout ?? DEFAULT_TIMEOUT),
    waitForServer: boolean('waitForServer', options.waitForServer ?? false),
    signal: abortSignal(options.signal),
  };
}

/** Connects: at once, as most do, or later. Fails as `connect` does. */
export function carryOut<T>(plan: ConnectPlan<T>): Attempted<T> {
  const { channel, signal } = plan;
  signal?.throwIfAborted();
  const owners = rawPrincipals(channel.serverOwners);
  return owners instanceof Promise
    ? unlessAborted(owners, signal).then((known) => connectTo(plan, known))
    : connectTo(plan, owners);
}

// To a server of one of these.
function connectTo<T>(plan: ConnectPlan<T>, owners: RawPrincipals): Attempted<T> {
  const attempted = attempt(plan.channel, owners);
  return attempted instanceof Promise || plan.signal
    ? insist(plan, owners, attempted, asServerLater('connect'))
    : attempted;
}

// Until it has come to something, as long as there is time. `refusal`: of a second attempt.
async function insist<T>(
  plan: ConnectPlan<T>,
  owners: RawPrincipals,
  attempted: Attempted<T>,
  refusal: PipeError | undefined,
): Promise<PipeConnection<T>> {
  const { channel, timeout, waitForServer, signal } = plan;
  const { path } = channel;
  const deadline = performance.now() + timeout;
  for (let next = SHORTEST_PAUSE; ; next *= 2) {
    try {
      return await (signal ? abortable(attempted, signal) : attempted);
    } catch (error) {
      const why = reasonToWait(error, waitForServer);
      if (!why) throw error;
      if (refusal) throw refusal;
      const left = deadline - performance.now();
      if (left <= 0) throw timedOut(path, timeout, why, error);
      const free = why === 'busy' && (await instanceIsFree(path, Math.min(left, LONGEST_WAIT), signal));
      if (!free) await pause(Math.min(next, LONGEST_PAUSE[why], left), signal);
    }
    attempted = attempt(channel, owners);
  }
}

type Attempted<T> = PipeConnection<T> | Promise<PipeConnection<T>>;

/** Native code connects at once, except to other machines. */
function attempt<T>(channel: ConnectChannel<T>, owners: RawPrincipals): Attempted<T> {
  const { path, framing, direction, highWaterMark, impersonation, limits } = channel;
  const request = newRequest();
  const raw = nativeFraming(framing);
  const id = loop.connect(path, raw, direction, highWaterMark, impersonation, owners, request, limits);
  if (typeof id !== 'number') return Promise.reject(failureToError(id, path));
  // Made in the same turn in which native code tells of it: frames may follow at once.
  const made = (id: number) => {
    const connection = new PipeConnection(id, channel, 'client');
    tellConnected(connection);
    return connection;
  };
  return id === 0 ? settled(request, path, made) : made(id);
}

/** Waits until the system says so; false: it does not, or something else came of it, and so a pause is due. */
async function instanceIsFree(path: string, ms: number, signal: AbortSignal | undefined): Promise<boolean> {
  const request = newRequest();
  if (!loop.waitForInstance(path, Math.ceil(ms), request)) return false;
  const free = settled(request, path, () => true).catch(() => false);
  return signal ? orAborted(free, signal, () => loop.cancelWait(request)) : free;
}

function abortable<T>(attempted: Attempted<T>, signal: AbortSignal): Promise<PipeConnection<T>> {
  const connected = Promise.resolve(attempted);
  // It may have been made already, and its promise not have been heard.
  return orAborted(connected, signal, () => {
    connected.then((connection) => connection.destroy(), nothing);
  });
}

function reasonToWait(error: unknown, waitForServer: boolean): keyof typeof LONGEST_PAUSE | undefined {
  if (!(error instanceof PipeError)) return undefined;
  if (error.code === 'EAGAIN') return 'busy';
  return waitForServer && (error.code === 'ENOENT' || error.code === 'ECONNREFUSED') ? 'absent' : undefined;
}

function timedOut(path: string, timeout: number, why: 'busy' | 'absent', cause: unknown): PipeError {
  const what = why === 'busy' ? 'the pipe was busy all the time' : 'nobody served it';
  return new PipeError('ETIMEDOUT', `connect ETIMEDOUT ${path}: ${what} (${timeout} ms)`, {
    syscall: 'connect',
    path,
    cause,
  });
}
