// runAsClient: whose identity it is, and when a thread has it.
import { subscribe } from 'node:diagnostics_channel';
import { stat } from 'node:fs/promises';
import { failureToError, PipeError } from '../errors.ts';
import { loop, request } from '../loop.ts';
import type { FormerClient, RawFailure } from '../native.ts';
import { callable } from '../options.ts';
import { withActingFs } from './acting-fs.ts';
import { AsClient, type ClientUser, releaseClient, userOf, wasUsed } from './as-client.ts';
import { takesNoClient } from './async-without-client.ts';

export type { AsClient, ClientUser } from './as-client.ts';

/** A connection's client, as somebody to act as. */
export class Impersonation {
  /** The connection's number, or who its client was. */
  readonly #client: () => number | FormerClient;
  readonly #path: string;
  readonly #side: 'server' | 'client';
  /** Why there is nobody any more, once that is so. */
  readonly #ended: () => PipeError | undefined;
  /** Told before somebody is acted as, or why that may not be. */
  readonly #told: (error: unknown) => void;
  /** The identities that were taken: one to act as, one that may only tell who it is. */
  readonly #identities: Identities = new Map();
  #running = 0;
  #released = false;

  constructor(
    client: () => number | FormerClient,
    path: string,
    side: 'server' | 'client',
    ended: () => PipeError | undefined,
    told: (error: unknown) => void,
  ) {
    this.#client = client;
    this.#path = path;
    this.#side = side;
    this.#ended = ended;
    this.#told = told;
    abandoned.register(this, this.#identities, this);
  }

  /** `PipeConnection.runAsClient` */
  async run<R>(fn: (as: AsClient) => R | PromiseLike<R>): Promise<R> {
    callable('fn', fn);
    if (takesNoClient(fn)) {
      throw new PipeError(
        'ERR_PIPE_ASYNC_WITHOUT_CLIENT',
        'an async function that does not take the client would run as the server after its first await: ' +
          'take it, runAsClient(async (as) => …), and await what it offers; or leave out async',
      );
    }
    this.#running++;
    try {
      const identity = await this.#takeToAct();
      await prepare();
      const as = new AsClient(identity);
      try {
        const result = this.#callAs(identity, fn, as);
        return isThenable(result) ? await usedBy(as, result) : result;
      } finally {
        releaseClient(as);
      }
    } finally {
      this.#running--;
      this.#giveBack();
    }
  }

  /** `PipeConnection.peerUser` */
  async user(): Promise<ClientUser> {
    this.#running++;
    try {
      return await userOf(await this.#take(false));
    } finally {
      this.#running--;
      this.#giveBack();
    }
  }

  /** Nobody may ask for the client any more: the identity is given back as soon as nobody acts with it. */
  release(): void {
    this.#released = true;
    this.#giveBack();
  }

  #callAs<R>(identity: number, fn: (as: AsClient) => R, as: AsClient): R {
    let called = false;
    const call = (argument: AsClient) => {
      called = true;
      return fn(argument);
    };
    try {
      return withActingFs(() => loop.callAs(identity, call, as));
    } catch (error) {
      throw called || !Array.isArray(error) ? error : failureToError(error as unknown as RawFailure, this.#path);
    }
  }

  async #takeToAct(): Promise<number> {
    let why: unknown;
    try {
      return await this.#take(true);
    } catch (error) {
      why = error;
      throw error;
    } finally {
      this.#told(why);
    }
  }

  #take(toAct: boolean): Promise<number> {
    if (this.#side === 'client')
      throw new PipeError('ERR_PIPE_NOT_SERVER', 'only the server of a connection has a client');
    const ended = this.#ended();
    if (ended) throw ended;
    // Whoever may be acted as may be asked for its name.
    const known = this.#identities.get(true) ?? this.#identities.get(toAct);
    if (known) return known;
    const taken = request<number>((id) => loop.takeIdentity(this.#client(), toAct, id), this.#path);
    this.#identities.set(toAct, taken);
    // It may be otherwise next time: on Windows an identity may come with the first frame.
    taken.catch(() => this.#identities.delete(toAct));
    return taken;
  }

  #giveBack(): void {
    if (!this.#released || this.#running > 0) return;
    abandoned.unregister(this);
    giveBack(this.#identities);
  }
}

type Identities = Map<boolean, Promise<number>>;

/** Of connections whose client has left, and that nobody has closed. */
const abandoned = new FinalizationRegistry<Identities>(giveBack);

function giveBack(identities: Identities): void {
  for (const taken of identities.values()) taken.then((identity) => loop.releaseIdentity(identity)).catch(() => {});
  identities.clear();
}

/** Also what may become one, whenever it is looked at again: what `then` is, is up to a getter. */
function isThenable<R>(result: R | PromiseLike<R>): result is PromiseLike<R> {
  if ((typeof result !== 'object' || result === null) && typeof result !== 'function') return false;
  for (let each: unknown = result; each; each = Object.getPrototypeOf(each))
    if (Object.getOwnPropertyDescriptor(each, 'then')?.get) return true;
  return typeof (result as { then?: unknown }).then === 'function';
}

/**
 * What a promise of the function's comes to, if the function has used the client by then. If not, it waited for something
 * that was done as the server, and neither the result nor the failure is anything that the client may have.
 */
async function usedBy<R>(as: AsClient, promise: PromiseLike<R>): Promise<R> {
  let failure: { error: unknown } | undefined;
  let value: R | undefined;
  try {
    value = await promise;
  } catch (error) {
    failure = { error };
  }
  if (!wasUsed(as)) {
    throw new PipeError(
      'ERR_PIPE_ASYNC_WITHOUT_CLIENT',
      'the function returned a promise and never used the client that it was given, so its work was done as the ' +
        'server: await an operation of the client in it, or return no promise',
      { cause: failure?.error },
    );
  }
  if (failure) throw failure.error;
  return value as R;
}

let prepared: Promise<unknown> | undefined;

/**
 * On Linux, threads inherit the identity of the thread that makes them. Those that Node makes when they are first
 * needed are made now; a Worker made as the client becomes the server's at once.
 */
function prepare(): Promise<unknown> | undefined {
  if (process.platform === 'win32') return undefined;
  if (!prepared) {
    subscribe('worker_threads', () => loop.secureThreads());
    // With UV_USE_IO_URING=1 this makes the kernel's thread; native code has started libuv's.
    prepared = stat('/').catch(() => {});
  }
  return prepared;
}
