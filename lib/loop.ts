// The native loop of this JavaScript environment: hands what has happened to whom it concerns.

import { markAsUntransferable } from 'node:worker_threads';
import { EVENT_LENGTH, EventKind, SLAB } from './constants.ts';
import { failureToError, type PipeError } from './errors.ts';
import { leaveSlab } from './frames.ts';
import { Slab } from './framing/slab.ts';
import { HandleTable } from './handles.ts';
import { type NativeLoop, native, type RawFailure } from './native.ts';
import { outbox, outboxTable } from './outbox.ts';

/** What connections are told: by one table for all of them, for they are many, and alike. */
export interface ConnectionEvents<C extends AnyConnection = AnyConnection> {
  /** `count` frames: from `table[from]` on their bytes, what they count for, then begin and end of each within `slab`. */
  framesArrived(connection: C, slab: Slab, shared: boolean, table: Uint32Array, from: number, count: number): void;
  ended(connection: C, error: PipeError | undefined): void;
  /** Frames whose sending was accepted cannot be sent. */
  unsent(connection: C, error: PipeError): void;
  drained(connection: C): void;
  released(connection: C, error: PipeError | undefined): void;
}

/** A connection, as far as it is known here. */
interface AnyConnection {
  readonly path: string;
}

/** What a server is told. */
export interface ListenerEvents {
  accepted(connection: number): void;
  released(): void;
}

interface Request {
  resolve(value: unknown): void;
  reject(error: PipeError): void;
  path: string | undefined;
}

const events = new Float64Array(1024 * EVENT_LENGTH + 1);
const table = new Uint32Array(64 * 1024);
const inDelivery = events.length - 1;
/** In the place of an event's kind. */
const TAKEN = -1;

const connections = new HandleTable<AnyConnection>();
const listeners = new Map<number, ListenerEvents>();
let tell: ConnectionEvents;
const requests = new Map<number, Request>();
let lastRequest = 0;
let slab = new Slab(Buffer.alloc(0));

export const loop: NativeLoop = native.attach(deliver, events, table, outbox, outboxTable);

// process.exit() and an uncaught error run no cleanup of native code's: what was accepted for sending goes out, as far as
// the system takes it, and no socket's file is left behind.
process.once('exit', () => {
  exiting = true;
  loop.flush();
  for (const id of listeners.keys()) loop.closeListener(id);
});

/** Says once how connections are told. */
export function tellConnections<C extends AnyConnection>(events: ConnectionEvents<C>): void {
  tell = events;
}

export function addConnection(id: number, connection: AnyConnection): void {
  connections.add(id, connection);
}

export function addListener(id: number, listener: ListenerEvents): void {
  listeners.set(id, listener);
}

/** A number under which native code may settle something later; never the same one twice. */
export function newRequest(): number {
  return ++lastRequest;
}

/**
 * Waits until native code settles what it was given this number for, in this same turn. `made` turns its value into the
 * result, before anything else that has happened is told. `path` is for the error.
 */
export function settled<V, T>(id: number, path: string, made: (value: V) => T): Promise<T> {
  return new Promise((resolve, reject) => {
    requests.set(id, { resolve: (value) => resolve(made(value as V)), reject, path });
  });
}

/** Starts something and waits until native code settles it. `start` returns why that failed, or else nothing. */
export function request<T>(start: (id: number) => RawFailure | 0 | undefined, path?: string): Promise<T> {
  return new Promise((resolve, reject) => {
    const id = newRequest();
    const failure = start(id);
    if (failure) reject(failureToError(failure, path));
    else requests.set(id, { resolve: resolve as (value: unknown) => void, reject, path });
  });
}

/** Forgets a request: whatever it comes to is not told any more. */
export function forget(id: number): void {
  requests.delete(id);
}

/** As it was when this was loaded: test runners replace it by one that never calls. */
const { nextTick } = process;
let flushing = false;
let flushedInDelivery = false;
let exiting = false;

/**
 * Sees to it that what was queued is written. The first frame of a turn goes out at once, as does the first of a
 * delivery, though work may follow it; what the same turn queues after it is gathered, and leaves at the turn's end in few
 * large writes. While the process exits there is no end of a turn: all goes at once.
 */
export function flushSoon(): void {
  if (exiting) {
    loop.flush();
  } else if (events[inDelivery] === 1) {
    if (!flushedInDelivery) loop.flush(); // native code does so at the end of the delivery
    flushedInDelivery = true;
  } else if (!flushing) {
    flushing = true;
    loop.flush();
    nextTick(flush);
  }
}

function flush(): void {
  flushing = false;
  loop.flush();
}

// Frames of many connections lie in it: whoever transfers the memory of one away must not take others' along.
function changeSlab(next: Slab): void {
  leaveSlab();
  slab = next;
  markAsUntransferable(slab.memory);
}

// Called by native code, in a callback scope of its own. Runs no code of the user's but the decoders of
// framing.custom(), which may end connections and send: everything else of the user's comes behind it, by promises.
function deliver(count: number, extras: readonly unknown[] | undefined): void {
  let nextExtra = 0;
  let ownSlab: Slab | undefined;
  flushedInDelivery = false;
  for (let at = 0; at < count * EVENT_LENGTH; at += EVENT_LENGTH) {
    const id = events[at + 1]!;
    const third = events[at + 2]!;
    switch (events[at]) {
      case SLAB:
        if (third === 1) ownSlab = new Slab(extras![nextExtra++] as Buffer);
        else changeSlab(new Slab(extras![nextExtra++] as Buffer));
        break;
      case EventKind.frames: {
        const connection = connections.get(id);
        const count = events[at + 3]!;
        if (ownSlab && count > 1) markAsUntransferable(ownSlab.memory);
        if (connection) tell.framesArrived(connection, ownSlab ?? slab, !ownSlab, table, third, count);
        ownSlab = undefined;
        break;
      }
      case EventKind.ended: {
        const failure = third === 1 ? (extras![nextExtra++] as RawFailure) : undefined;
        const connection = connections.get(id);
        if (connection) tell.ended(connection, failure && failureToError(failure, connection.path));
        break;
      }
      case EventKind.unsent: {
        const failure = extras![nextExtra++] as RawFailure;
        const connection = connections.get(id);
        if (connection) tell.unsent(connection, failureToError(failure, connection.path));
        break;
      }
      case EventKind.drained: {
        const connection = connections.get(id);
        if (connection) tell.drained(connection);
        break;
      }
      case EventKind.closed: {
        const failure = third === 1 ? (extras![nextExtra++] as RawFailure) : undefined;
        const connection = connections.remove(id);
        if (connection) tell.released(connection, failure && failureToError(failure, connection.path));
        break;
      }
      case EventKind.accepted:
        listeners.get(id)?.accepted(third);
        break;
      case EventKind.unlistened: {
        const listener = listeners.get(id);
        listeners.delete(id);
        listener?.released();
        break;
      }
      case EventKind.settled: {
        const value = extras![nextExtra++];
        const request = requests.get(id);
        requests.delete(id);
        if (request) events[at] = TAKEN; // a descriptor that nobody gets is closed
        if (third === 1) request?.reject(failureToError(value as RawFailure, request.path));
        else request?.resolve(value);
        break;
      }
    }
  }
}
