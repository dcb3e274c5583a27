// The sending half of a connection: frames into native code, at the pace that the peer's reading allows.
import type { BatchContents, FrameBatch } from './batch.ts';
import { DIRECTIONS } from './constants.ts';
import type { Ending } from './ending.ts';
import { failureToError, isPipeError } from './errors.ts';
import { lengthOf, requireBytes } from './framing/bytes.ts';
import { type Framing, fromFrame, nativeFraming } from './framing/framing.ts';
import { forwarded, lengthsOf, tableOf, takeFrames } from './given-frames.ts';
import type { Numbered } from './handles.ts';
import { flushSoon, loop } from './loop.ts';
import type { RawFailure } from './native.ts';
import { type Channel, signalOf } from './options.ts';
import { gather, gatherable, gatherMany } from './outbox.ts';
import { type Deferred, deferred, nothing, orAborted } from './promises.ts';

/** What was sent is accepted already, for those who want to know at once. */
export const ACCEPTED: Promise<void> = Promise.resolve();
const NOTHING: readonly Uint8Array[] = [];

/** About what a frame costs beside its bytes. */
const HEADER = 8;

/** A connection, as far as it matters here. */
interface Sending extends Numbered {
  readonly ending: Ending;
}

export class Sender<T> {
  readonly #connection: Sending;
  readonly #channel: Channel<T>;
  /** Frames of up to so many bytes are gathered: native code takes them as they are. */
  #gatherable: number;
  /** Bytes queued, as far as is known: native code knows better, and is asked when they seem to be many. */
  #queued = 0;
  #refusesMore = false;
  /** Settles when less is queued: for all who wait. */
  #drained: Deferred | undefined;

  constructor(connection: Sending, channel: Channel<T>) {
    this.#connection = connection;
    this.#channel = channel;
    this.#gatherable = this.#onlyReceives ? -1 : gatherable(nativeFraming(channel.framing));
  }

  send(frame: T | Uint8Array): Promise<void> {
    try {
      const bytes = fromFrame(this.#channel.framing, frame);
      const length = lengthOf(bytes);
      if (length === 0) requireBytes(bytes);
      if (length > this.#gatherable) return this.#accepted(loop.send(this.#connection.number, bytes));
      if (!gather(this.#connection.number, bytes, length)) {
        loop.takeOutbox();
        gather(this.#connection.number, bytes, length);
      }
      return this.#paced(length + HEADER);
    } catch (error) {
      return this.#refused(error);
    }
  }

  /** The same, unless the signal has aborted. A later abort ends the wait alone. */
  sendUnless(frame: T | Uint8Array, options: { signal?: AbortSignal | undefined }): Promise<void> {
    let signal: AbortSignal | undefined;
    try {
      signal = signalOf('send', options);
      signal?.throwIfAborted();
    } catch (error) {
      return Promise.reject(error);
    }
    const sent = this.send(frame);
    if (!signal || sent !== this.#drained?.promise) return sent;
    const waiting = orAborted(sent, signal, nothing);
    waiting.catch(nothing); // the frame is accepted: who has not waited has made no mistake
    return waiting;
  }

  sendMany(frames: Iterable<T | Uint8Array> | FrameBatch<unknown>): Promise<void> {
    try {
      const { framing } = this.#channel;
      const batch = forwarded(framing as Framing<never>, frames);
      if (batch) return this.#forward(batch);
      const all = takeFrames(framing, frames as Iterable<T | Uint8Array>);
      // No code of the user's runs from here on: all of them go, or none.
      const lengths = lengthsOf(all);
      let [bytes, longest] = [0, 0];
      for (const length of lengths) {
        if (length > longest) longest = length;
        bytes += length + HEADER;
      }
      if (longest > this.#gatherable) return this.#accepted(loop.sendMany(this.#connection.number, all));
      this.#gather(all, lengths);
      return this.#paced(bytes);
    } catch (error) {
      return this.#refused(error);
    }
  }

  #forward({ slab, bounds, first, count }: BatchContents): Promise<void> {
    return this.#accepted(loop.sendBatch(this.#connection.number, slab.bytes, tableOf(bounds), first, count));
  }

  /** A broadcast has queued frames of so many bytes for this connection. */
  queuedBeside(frames: number, bytes: number): void {
    this.#queued += bytes + HEADER * frames;
  }

  /** Native code has to look at each frame from now on: the peer may have gone, and only it can tell. */
  askAlways(): void {
    this.#gatherable = -1;
  }

  /** Nothing more is sent, and it refuses what anybody tries. What was sent before goes out. */
  refuseMore(): void {
    this.#refusesMore = true;
    this.askAlways();
  }

  /** Native code tells that less is queued than the mark; or was, for more may have been sent since. */
  drained(): void {
    const over = this.#refusesMore || this.#connection.ending.begun;
    const queued = over ? 0 : loop.sendMany(this.#connection.number, NOTHING);
    // It tells again; or it tells why the connection ended, and then those who wait are told that.
    if (typeof queued !== 'number' || queued > this.#channel.highWaterMark) return;
    this.#queued = queued;
    this.#drained?.resolve();
    this.#drained = undefined;
  }

  /** Nothing is sent any more: the connection's end has begun. */
  end(): void {
    this.askAlways();
    this.#drained?.promise.catch(nothing);
    this.#drained?.reject(this.#connection.ending.refusal('write'));
    this.#drained = undefined;
  }

  /** Nothing can be sent here: a mistake of whoever tries. */
  get #onlyReceives(): boolean {
    return this.#channel.direction === DIRECTIONS.in;
  }

  // That the connection has ended, `closed` tells: who has not waited for this has made no mistake.
  #refused(error: unknown): Promise<never> {
    const refused = Promise.reject(error);
    if (!this.#onlyReceives && isPipeError(error) && error.code === 'EPIPE') refused.catch(nothing);
    return refused;
  }

  #gather(frames: readonly Uint8Array[], lengths: readonly number[]): void {
    let next = gatherMany(this.#connection.number, frames, lengths, 0);
    while (next < frames.length) {
      loop.takeOutbox();
      next = gatherMany(this.#connection.number, frames, lengths, next);
    }
  }

  #paced(bytes: number): Promise<void> {
    this.#queued += bytes;
    if (this.#queued > this.#channel.highWaterMark)
      return this.#accepted(loop.sendMany(this.#connection.number, NOTHING));
    flushSoon();
    return ACCEPTED;
  }

  #accepted(queued: number | RawFailure): Promise<void> {
    const { ending } = this.#connection;
    if (ending.begun) throw ending.refusal('write');
    if (typeof queued !== 'number') throw failureToError(queued, this.#channel.path);
    flushSoon();
    this.#queued = queued;
    if (queued <= this.#channel.highWaterMark) return ACCEPTED;
    this.#drained ??= deferred();
    return this.#drained.promise;
  }
}
