/** A promise with its own resolve and reject (`Promise.withResolvers`, which Node 20 lacks). */
export interface Deferred<T = void> {
  readonly promise: Promise<T>;
  resolve(value: T): void;
  reject(error: unknown): void;
}

export function deferred<T = void>(): Deferred<T> {
  let resolve!: (value: T) => void;
  let reject!: (error: unknown) => void;
  const promise = new Promise<T>((yes, no) => {
    resolve = yes;
    reject = no;
  });
  return { promise, resolve, reject };
}

/** For rejections that are nobody's business. */
export const nothing = (): void => {};

/**
 * Calls `abort` when the signal aborts; gives what calls that off. Not by the signal's own functions, which may be the
 * user's code: it would run where frames are handed out, and lose them if it threw.
 */
export function onAbort(signal: AbortSignal, abort: () => void): () => void {
  const { addEventListener, removeEventListener } = AbortSignal.prototype;
  addEventListener.call(signal, 'abort', abort, { once: true });
  return () => removeEventListener.call(signal, 'abort', abort);
}

/** Aborts behind what is being done: listeners are the user's code, which must not run in the middle of a delivery. */
export function abortSoon(controller: AbortController, reason: unknown): void {
  void Promise.resolve().then(() => controller.abort(reason));
}

/** What `promise` comes to; or, when the signal aborts first, `abort()` and its reason. */
export function orAborted<T>(promise: Promise<T>, signal: AbortSignal, abort: () => void): Promise<T> {
  return new Promise((resolve, reject) => {
    const aborted = () => {
      abort();
      reject(signal.reason);
    };
    if (signal.aborted) return aborted(); // and will not say so again
    const done = onAbort(signal, aborted);
    const settle = <V>(how: (value: V) => void) => {
      return (value: V) => {
        done(); // before anybody hears of it
        how(value);
      };
    };
    promise.then(settle(resolve), settle(reject));
  });
}

/** The same where nothing has to be done, and there need be no signal. */
export function unlessAborted<T>(promise: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  return signal ? orAborted(promise, signal, nothing) : promise;
}

/** Waits `ms`; rejects with the signal's reason when it aborts. `started` may let the process end meanwhile. */
export async function pause(
  ms: number,
  signal: AbortSignal | undefined,
  started?: (timer: NodeJS.Timeout) => void,
): Promise<void> {
  const { promise, resolve } = deferred();
  const timer = setTimeout(resolve, ms);
  started?.(timer);
  try {
    await (signal ? orAborted(promise, signal, () => clearTimeout(timer)) : promise);
  } finally {
    clearTimeout(timer);
  }
}
