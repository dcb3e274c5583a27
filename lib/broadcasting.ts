// The same frames for many of a server's connections: encoded once, and for none that does not keep up.
import type { BatchContents, FrameBatch } from './batch.ts';
import { lifeOf, type PipeConnection } from './connection.ts';
import { DIRECTIONS } from './constants.ts';
import { failureToError, invalid, PipeError } from './errors.ts';
import { type Framing, nativeFraming } from './framing/framing.ts';
import { forwarded, lengthsOf, tableOf, takeFrames } from './given-frames.ts';
import type { Life } from './life.ts';
import { flushSoon, loop } from './loop.ts';
import { checked, type Names } from './option-names.ts';
import type { Channel } from './options.ts';

/** For {@link PipeServer.broadcast}. */
export interface BroadcastOptions<T> {
  /** Who gets the frames: connections of this server, each of them once. Default: `server.clients`. */
  to?: Iterable<PipeConnection<T>> | undefined;
  /**
   * What becomes of a connection for which more than `highWaterMark` is queued. `'skip'`: it does not get these frames.
   * `'close'`: it is ended, and what is queued is dropped; its `closed` rejects with a PipeError `ERR_PIPE_BEHIND`.
   * Default: `'skip'`.
   */
  behind?: 'skip' | 'close' | undefined;
}

/** What {@link PipeServer.broadcast} has come to. A connection that has ended, or that sends no more, is counted in neither. */
export interface BroadcastResult {
  /** Connections for which the frames are queued. */
  readonly sent: number;
  /** Connections that were behind: left out or, with `behind: 'close'`, ended. */
  readonly skipped: number;
}

const OPTIONS: Names<BroadcastOptions<unknown>> = { to: true, behind: true };

/** `PipeServer.broadcast`. `all`: the server's connections. */
export function broadcast<T>(
  channel: Channel<T>,
  all: () => readonly PipeConnection<T>[],
  frames: Iterable<T | Uint8Array> | FrameBatch<unknown>,
  options: BroadcastOptions<T>,
): BroadcastResult {
  const { to, behind = 'skip' } = checked('broadcast', options, OPTIONS);
  if (behind !== 'skip' && behind !== 'close') throw invalid('behind', behind, "'skip' or 'close'");
  if (channel.direction === DIRECTIONS.in)
    throw failureToError(['EPIPE', 'write', 0, "this end only receives: its direction is 'in'"], channel.path);
  const batch = forwarded(channel.framing as Framing<never>, frames);
  const bytes = batch ? [] : takeFrames(channel.framing, frames as Iterable<T | Uint8Array>);
  const lives = to === undefined ? all().map((one) => lifeOf<T>(one)!) : recipients(channel, to);
  // No code of the user's runs from here on: the frames are for all of them, or for none.
  const count = batch ? batch.count : bytes.length;
  const length = batch ? stretchOf(batch) : lengthsOf(bytes).reduce((sum, each) => sum + each, 0);
  const numbers = new Float64Array(lives.length);
  for (let i = 0; i < lives.length; i++) numbers[i] = lives[i]!.number;
  const framing = nativeFraming(channel.framing);
  const sent = batch
    ? loop.broadcast(framing, numbers, batch.slab.bytes, tableOf(batch.bounds), batch.first, batch.count)
    : loop.broadcast(framing, numbers, bytes);
  if (typeof sent !== 'number') throw failureToError(sent, channel.path);
  flushSoon();
  let skipped = 0;
  for (let i = 0; i < lives.length; i++) {
    const life = lives[i]!;
    if (numbers[i] === 0) {
      life.sender.queuedBeside(count, length);
    } else {
      skipped++;
      if (behind === 'close') life.destroy(tooFarBehind(life));
    }
  }
  return { sent, skipped };
}

/** About how many bytes its frames have. */
function stretchOf({ bounds, first, count }: BatchContents): number {
  return count === 0 ? 0 : bounds[2 * (first + count) - 1]! - bounds[2 * first]!;
}

function recipients<T>(channel: Channel<T>, to: Iterable<PipeConnection<T>>): Life<T>[] {
  if (typeof (to as Partial<typeof to> | null)?.[Symbol.iterator] !== 'function')
    throw invalid('to', to, "an iterable of this server's connections, such as an array");
  const lives = new Set<Life<T>>();
  for (const one of to) {
    const life = lifeOf<T>(one);
    if (life?.channel !== channel) throw invalid('each of `to`', one, 'a connection of this server');
    lives.add(life);
  }
  return [...lives];
}

function tooFarBehind({ path, queued, channel }: Life<unknown>): PipeError {
  const { highWaterMark } = channel;
  const message =
    `write ERR_PIPE_BEHIND ${path}: the peer does not read what is broadcast: ${queued} bytes wait for it, more than ` +
    `highWaterMark (${highWaterMark}). Let it read faster, or set a greater highWaterMark; { behind: 'skip' } leaves it ` +
    'out instead of ending it';
  return new PipeError('ERR_PIPE_BEHIND', message, { syscall: 'write', path });
}
