// node:fs, and the process's ids, while a thread acts as a client: what is asynchronous in it would be done by another thread, as the server.
import fs from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import { failureToError, PipeError } from '../errors.ts';
import { loop } from '../loop.ts';
import { nativePath } from './path.ts';

type Function_ = (this: unknown, ...args: unknown[]) => unknown;

/** Whether this thread acts as a client at this moment. */
let acting = false;
/** The first asynchronous function that was called meanwhile. */
let refused: PipeError | undefined;
let wrapped = false;

/**
 * Calls `act`, which acts as a client, and refuses asynchronous functions of `node:fs` meanwhile: they throw, and so does
 * this in the end, though the caller may have caught it. On Linux `fs.accessSync` and `fs.existsSync` answer for the
 * client: Node's ask access(2), which looks at the real user id, and that must stay the server's (native/posix/credentials.h
 * says why). The functions of the module are wrapped once; references that were taken out of it before, as by
 * `const { readFile } = require('fs')`, are not reached.
 */
export function withActingFs<R>(act: () => R): R {
  if (!wrapped) wrap();
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

function wrap(): void {
  wrapped = true;
  wrapAsynchronous(fs as Record<string, unknown>, 'fs');
  wrapAsynchronous(fs.promises as Record<string, unknown>, 'fs.promises');
  for (const name of ['ReadStream', 'WriteStream'] as const) replace(fs, name, (stream) => wrapClass(stream, name));
  if (process.platform !== 'win32') {
    wrapEffectiveAccess();
    refuseSettingIds();
  }
  syncBuiltinESMExports();
}

function wrapAsynchronous(module: Record<string, unknown>, path: string): void {
  for (const name of Object.keys(module)) {
    if (/Sync$|^[A-Z_]|^unwatchFile$/.test(name)) continue;
    replace(module, name, (original) => refusing(original as Function_, `${path}.${name}`));
  }
}

// With the name, the length and all properties of the original (util.promisify's, realpath.native).
function refusing(original: Function_, path: string): Function_ {
  if (typeof original !== 'function') return original;
  const wrapper = function (this: unknown, ...args: unknown[]): unknown {
    if (acting) refuse(path);
    return Reflect.apply(original, this, args);
  };
  for (const key of Reflect.ownKeys(original)) {
    const property = Object.getOwnPropertyDescriptor(original, key)!;
    if (key === 'native') property.value = refusing(property.value, `${path}.native`);
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

function wrapEffectiveAccess(): void {
  replace(fs, 'accessSync', (original) => (path, mode = fs.constants.F_OK) => {
    if (!acting) return original(path, mode);
    const failure = loop.checkAccess(nativePath(path), mode);
    if (failure !== 0) throw failureToError(failure, String(path));
  });
  replace(fs, 'existsSync', (original) => (path) => {
    if (!acting) return original(path);
    try {
      return loop.checkAccess(nativePath(path), fs.constants.F_OK) === 0;
    } catch {
      return false; // not a path
    }
  });
}

// They change the ids of all threads: this one would be neither the client nor the server. Native code ends the process then.
function refuseSettingIds(): void {
  const setters = process as unknown as Record<string, unknown>;
  for (const name of ['setuid', 'seteuid', 'setgid', 'setegid', 'setgroups', 'initgroups']) {
    replace(setters, name, (original) => {
      if (typeof original !== 'function') return original; // in a Worker, say
      return function (this: unknown, ...args: unknown[]) {
        if (acting) throw new PipeError('EPERM', `process.${name} changes all threads: not inside runAsClient`);
        return Reflect.apply(original, this, args);
      };
    });
  }
}

// Others may have replaced a function before, or have made the module read-only: then that stays as it is.
function replace<M extends object, K extends keyof M>(module: M, name: K, wrapper: (original: M[K]) => M[K]): void {
  Reflect.set(module, name, wrapper(module[name]));
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
