// The native loop of this JavaScript environment: hands what has happened to whom it concerns.
import { failureToError, type PipeError } from './errors.ts';
import { HandleTable } from './handles.ts';
import { EVENT_LENGTH, EventKind, type NativeLoop, native, type RawFailure } from './native.ts';
import { outbox, outboxTable } from './outbox.ts';

/** What a connection is told. */
export interface ConnectionEvents {
  readonly path: string;
  /** `count` frames: `table[from]` is what they count for in bytes, then begin and end of each within `slab`. */
  framesArrived(slab: Buffer, table: Uint32Array, from: number, count: number): void;
  ended(error: PipeError | undefined): void;
  /** Frames whose sending was accepted cannot be sent. */
  unsent(error: PipeError): void;
  drained(): void;
  released(error: PipeError | undefined): void;
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

const events = new Uint32Array(1024 * EVENT_LENGTH + 1);
const table = new Uint32Array(64 * 1024);
const inDelivery = events.length - 1;

const connections = new HandleTable<ConnectionEvents>();
const listeners = new Map<number, ListenerEvents>();
const requests = new Map<number, Request>();
let lastRequest = 0;
let slab: Buffer = Buffer.alloc(0);

export const loop: NativeLoop = native.attach(deliver, events, table, outbox, outboxTable);

// process.exit() and an uncaught error run no cleanup of native code's: what was accepted for sending goes out, as far as
// the system takes it, and no socket's file is left behind.
process.once('exit', () => {
  loop.flush();
  for (const id of listeners.keys()) loop.closeListener(id);
});

export function addConnection(id: number, connection: ConnectionEvents): void {
  connections.add(id, connection);
}

export function addListener(id: number, listener: ListenerEvents): void {
  listeners.set(id, listener);
}

/**
 * Allocates a request, starts it and waits until native code settles it. `start` returns why that failed, the result
 * if it is there already (a number other than 0), or else nothing. `made` turns native code's value into the result,
 * before anything else that has happened is told. `path` is for the error.
 */
export function request<T, V = T>(
  start: (id: number) => RawFailure | number | undefined,
  path?: string,
  made: (value: V) => T = (value) => value as unknown as T,
): Promise<T> {
  return new Promise((resolve, reject) => {
    do lastRequest = (lastRequest + 1) >>> 0;
    while (lastRequest === 0 || requests.has(lastRequest));
    const id = lastRequest;
    requests.set(id, { resolve: (value) => resolve(made(value as V)), reject, path });
    const started = start(id);
    if (!started) return;
    requests.delete(id);
    if (typeof started === 'object') reject(failureToError(started, path));
    else resolve(made(started as V));
  });
}

/** Forgets a request: whatever it comes to is not told any more. */
export function forget(id: number): void {
  requests.delete(id);
}

let flushing = false;

/**
 * Sees to it that what was queued is written. The first frame of a turn goes out at once; what the same
 * turn queues after it is gathered, and leaves at the turn's end in few large writes.
 */
export function flushSoon(): void {
  if (flushing || events[inDelivery] === 1) return;
  flushing = true;
  loop.flush();
  process.nextTick(flush);
}

function flush(): void {
  flushing = false;
  loop.flush();
}

// Called by native code, in a callback scope of its own. Runs no code of the user's: promises only.
function deliver(count: number, extras: readonly unknown[] | undefined): void {
  let nextExtra = 0;
  let ownSlab: Buffer | undefined;
  for (let at = 0; at < count * EVENT_LENGTH; at += EVENT_LENGTH) {
    const id = events[at + 1]!;
    const third = events[at + 2]!;
    switch (events[at]) {
      case EventKind.slab:
        if (third === 1) ownSlab = extras![nextExtra++] as Buffer;
        else slab = extras![nextExtra++] as Buffer;
        break;
      case EventKind.frames:
        connections.get(id)?.framesArrived(ownSlab ?? slab, table, third, events[at + 3]!);
        ownSlab = undefined;
        break;
      case EventKind.ended: {
        const failure = third === 1 ? (extras![nextExtra++] as RawFailure) : undefined;
        const connection = connections.get(id);
        connection?.ended(failure && failureToError(failure, connection.path));
        break;
      }
      case EventKind.unsent: {
        const connection = connections.get(id);
        connection?.unsent(failureToError(extras![nextExtra++] as RawFailure, connection.path));
        break;
      }
      case EventKind.drained:
        connections.get(id)?.drained();
        break;
      case EventKind.closed: {
        const failure = third === 1 ? (extras![nextExtra++] as RawFailure) : undefined;
        const connection = connections.remove(id);
        connection?.released(failure && failureToError(failure, connection.path));
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
        if (third === 1) request?.reject(failureToError(value as RawFailure, request.path));
        else request?.resolve(value);
        break;
      }
    }
  }
}
