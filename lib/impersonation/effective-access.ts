import fs from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import { failureToError } from '../errors.ts';
import { loop } from '../loop.ts';
import { nativePath } from './path.ts';

type Replaceable = { -readonly [name in 'accessSync' | 'existsSync']: (typeof fs)[name] };

/**
 * Calls `act` with `fs.accessSync` and `fs.existsSync` that answer for the client. Those of Node ask access(2), which
 * looks at the real user id. That must stay the server's (native/posix/credentials.h says why), so without this they
 * would tell what the server may do, to somebody who asks for the client. References to the two functions that were
 * taken out of the module before, as by `const { existsSync } = require('fs')`, are not reached.
 */
export function withEffectiveAccess<R>(act: () => R): R {
  if (process.platform === 'win32') return act();
  const module = fs as Replaceable;
  const { accessSync, existsSync } = module;
  module.accessSync = (path, mode = fs.constants.F_OK) => {
    const failure = loop.checkAccess(nativePath(path), mode);
    if (failure !== 0) throw failureToError(failure, String(path));
  };
  module.existsSync = (path) => {
    try {
      return loop.checkAccess(nativePath(path), fs.constants.F_OK) === 0;
    } catch {
      return false; // not a path
    }
  };
  syncBuiltinESMExports();
  try {
    return act();
  } finally {
    module.accessSync = accessSync;
    module.existsSync = existsSync;
    syncBuiltinESMExports();
  }
}
