// node:fs, and the process's ids, while a thread acts as a client: another thread would do what is asynchronous in it, as
// the server.
import fs, { type PathLike } from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import { failureToError, PipeError } from '../errors.ts';
import { loop } from '../loop.ts';
import { nativePath } from './path.ts';

type Function_ = (this: unknown, ...args: unknown[]) => unknown;

/** Whether this thread acts as a client at this moment. */
let acting = false;
/** The first asynchronous function that was called meanwhile. */
let refused: PipeError | undefined;

/** A function of a module, and what replaces it. */
interface Place {
  readonly module: Record<string, unknown>;
  readonly name: string;
  readonly wrap: (original: never) => unknown;
  /** What was there when this module was loaded: somebody's fake may be there now, and this again later. */
  readonly genuine: unknown;
}

const STREAMS = ['ReadStream', 'WriteStream', 'FileReadStream', 'FileWriteStream', 'Utf8Stream'];
const places: Place[] = [];
let wrapped = false;

/**
 * Calls `act`, which acts as a client, and refuses asynchronous functions of `node:fs` meanwhile: they throw, and so does
 * this in the end, though the caller may have caught it. On Linux `fs.accessSync` and `fs.existsSync` answer for the
 * client: Node's ask access(2), which looks at the real user id, and that must stay the server's (native/posix/credentials.h
 * says why). The functions of the module are wrapped once, and again where others have put them back; references that were
 * taken out of it before, as by `const { readFile } = require('fs')`, are not reached.
 */
export function withActingFs<R>(act: () => R): R {
  wrap();
  const before = [acting, refused] as const;
  acting = true;
  refused = undefined;
  try {
    const result = act();
    if (refused) {
      Promise.resolve(result).catch(() => {}); // nobody gets it
      throw refused;
    }
    return result;
  } finally {
    [acting, refused] = before;
  }
}

/** While this thread acts as a client: the error of what `call` cannot do at once, and would do later as the server. */
export function asServerLater(call: string): PipeError | undefined {
  if (!acting) return undefined;
  const message = `${call} would go on as the server: what it cannot do at once, it does not do inside runAsClient`;
  return new PipeError('ERR_PIPE_ASYNC_WITHOUT_CLIENT', message, { syscall: call });
}

addAsynchronous(fs as Record<string, unknown>, 'fs');
addAsynchronous(fs.promises as Record<string, unknown>, 'fs.promises');
for (const name of STREAMS) add(fs, name, (stream: new () => object) => wrapClass(stream, name));
add(process, 'exit', leaving);
if (process.platform !== 'win32') {
  addEffectiveAccess();
  addIdSetters();
  addSignals();
}

/** At first, whatever is there; later only what was put back in place of ours, as by those who fake functions for a time. */
function wrap(): void {
  let changed = false;
  for (const { module, name, wrap, genuine } of places) {
    const original = module[name];
    // Others may have made the module read-only: then it stays as it is.
    if ((!wrapped || original === genuine) && typeof original === 'function')
      changed = Reflect.set(module, name, wrap(original as never)) || changed;
  }
  wrapped = true;
  if (changed) syncBuiltinESMExports();
}

function add<F>(module: object, name: string, wrap: (original: F) => unknown): void {
  const functions = module as Record<string, unknown>;
  places.push({ module: functions, name, wrap, genuine: functions[name] });
}

function addAsynchronous(module: Record<string, unknown>, path: string): void {
  for (const name of Object.keys(module)) {
    if (/Sync$|^[A-Z_]|^unwatchFile$|^promises$/.test(name) || typeof module[name] !== 'function') continue;
    add(module, name, (original: Function_) => refusing(original, `${path}.${name}`));
  }
}

// With the name, the length and all properties of the original (util.promisify's, realpath.native).
function refusing(original: Function_, path: string): Function_ {
  const wrapper = function (this: unknown, ...args: unknown[]): unknown {
    if (acting) refuse(path);
    return Reflect.apply(original, this, args);
  };
  for (const key of Reflect.ownKeys(original)) {
    const property = Object.getOwnPropertyDescriptor(original, key)!;
    if (key === 'native')
      property.value = property.value === original ? wrapper : refusing(property.value, `${path}.native`); // Yarn PnP's is itself
    Reflect.defineProperty(wrapper, key, property);
  }
  return wrapper;
}

function wrapClass<C extends new (...args: never[]) => object>(original: C, name: string): C {
  return new Proxy(original, {
    construct(target, args, newTarget) {
      if (acting) refuse(`new fs.${name}`);
      return Reflect.construct(target, args, newTarget) as object;
    },
    apply(target, self, args) {
      if (acting) refuse(`fs.${name}`);
      return Reflect.apply(target as unknown as Function_, self, args) as object;
    },
  });
}

function addEffectiveAccess(): void {
  add(fs, 'accessSync', (original: typeof fs.accessSync) => (path: PathLike, mode?: number) => {
    if (!acting || !(mode === undefined || mode === null || isMode(mode))) return original(path, mode);
    const failure = loop.checkAccess(nativePath(path), mode ?? fs.constants.F_OK);
    if (failure !== 0) throw failureToError(failure, String(path));
  });
  add(fs, 'existsSync', (original: typeof fs.existsSync) => (path: PathLike) => {
    if (!acting) return original(path);
    try {
      return loop.checkAccess(nativePath(path), fs.constants.F_OK) === 0;
    } catch {
      return false; // not a path
    }
  });
}

// Others are refused, with Node's words for it.
const isMode = (mode: unknown) => Number.isInteger(mode) && (mode as number) >= 0 && (mode as number) <= 7;

// Listeners of 'exit' are the server's: they remove its files, say.
function leaving(original: Function_): Function_ {
  return function exit(this: unknown, ...args: unknown[]) {
    if (!acting) return Reflect.apply(original, this, args);
    acting = false;
    try {
      return loop.callAsItself(() => Reflect.apply(original, this, args));
    } finally {
      acting = true; // a listener has thrown, or exit() was somebody's fake
    }
  };
}

function addIdSetters(): void {
  // They change the ids of all threads: this one would be neither the client nor the server. Native code ends the process then.
  for (const name of ['setuid', 'seteuid', 'setgid', 'setegid', 'setgroups', 'initgroups']) {
    add(process, name, (original: Function_) => {
      return function (this: unknown, ...args: unknown[]) {
        if (acting) throw new PipeError('EPERM', `process.${name} changes all threads: not inside runAsClient`);
        return Reflect.apply(original, this, args);
      };
    });
  }
}

function addSignals(): void {
  // kill(2) looks at the real user id as well, which must stay the server's (native/posix/credentials.h says why).
  for (const name of ['kill', '_debugProcess']) {
    add(process, name, (original: Function_) => {
      return function (this: unknown, ...args: unknown[]) {
        if (acting) throw new PipeError('EPERM', `process.${name} would signal as the server: not inside runAsClient`);
        return Reflect.apply(original, this, args);
      };
    });
  }
}

function refuse(path: string): never {
  const error = new PipeError(
    'ERR_PIPE_ASYNC_WITHOUT_CLIENT',
    `${path} would be carried out as the server: await an operation of the client, as in runAsClient(async (as) => ` +
      'as.readFile(path)), or call the synchronous function',
  );
  refused ??= error;
  throw error;
}
