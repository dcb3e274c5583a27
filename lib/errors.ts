import { inspect } from 'node:util';
import type { RawFailure } from './native.ts';

/** Every code that a {@link PipeError} of framepipe itself may carry; file operations add Node's own. */
export type PipeErrorCode =
  | 'EACCES'
  | 'EADDRINUSE'
  | 'ECANCELED'
  | 'ECONNREFUSED'
  | 'ECONNRESET'
  | 'EHOSTUNREACH'
  | 'EINVAL'
  | 'EMFILE'
  | 'EMSGSIZE'
  | 'ENAMETOOLONG'
  | 'ENOENT'
  | 'ENOMEM'
  | 'ENOTSOCK'
  | 'ENOTSUP'
  | 'EPERM'
  | 'EPIPE'
  | 'EPROTOTYPE'
  | 'ETIMEDOUT'
  | 'ERR_INVALID_ARG_TYPE'
  | 'ERR_FRAME_TOO_LARGE'
  | 'ERR_FRAME_TRUNCATED'
  | 'ERR_FRAME_INVALID'
  | 'ERR_PIPE_ASYNC_WITHOUT_CLIENT'
  | 'ERR_PIPE_BEHIND'
  | 'ERR_PIPE_CANNOT_IMPERSONATE'
  | 'ERR_PIPE_CLIENT_RELEASED'
  | 'ERR_PIPE_NOT_SERVER'
  | 'ERR_PIPE_UNTRUSTED_SERVER'
  | (string & {});

/** The fields of a {@link PipeError} beside its code and message. */
export interface PipeErrorFields {
  /** The attempted operation, in Node's words: `connect`, `listen`, `read`, `write`, `open`, … */
  syscall?: string | undefined;
  /** The pipe's or file's path. */
  path?: string | undefined;
  /** Linux: errno as Node reports it (negative). */
  errno?: number | undefined;
  /** Windows: the system's own error, as GetLastError() gave it. */
  winerror?: number | undefined;
  /** `ERR_FRAME_*`: the length in bytes that was declared (or given to `send`). */
  declaredLength?: number | undefined;
  /** `ERR_FRAME_*`: the length that the framing allows, in bytes; for `ERR_FRAME_TRUNCATED`, the bytes that had arrived. */
  limit?: number | undefined;
  /** `ERR_FRAME_*`: where the frame begins, in bytes since the stream began. */
  position?: number | undefined;
  /** `ETIMEDOUT` of a connection: the option that ended it, such as `idleTimeout`. */
  option?: string | undefined;
  /** The error that led to this one. */
  cause?: unknown;
}

/**
 * The error that framepipe rejects with. `code` is Node's where one exists (`ENOENT`, `EACCES`, `EADDRINUSE`, …);
 * ours begin with `ERR_PIPE_` and `ERR_FRAME_`. Messages read like Node's and say what to do where that is known.
 */
export class PipeError extends Error {
  /** `'PipeError'` */
  override readonly name: string = 'PipeError';
  /** The reason, for programs; the message is for people. */
  readonly code: PipeErrorCode;
  /** The attempted operation, in Node's words: `connect`, `listen`, `read`, `write`, `open`, … */
  declare readonly syscall?: string;
  /** The pipe's or file's path. */
  declare readonly path?: string;
  /** Linux: errno as Node reports it (negative). */
  declare readonly errno?: number;
  /** Windows: the system's own error, as GetLastError() gave it. */
  declare readonly winerror?: number;
  /** `ERR_FRAME_*`: the length in bytes that was declared (or given to `send`). */
  declare readonly declaredLength?: number;
  /** `ERR_FRAME_*`: the length that the framing allows, in bytes; for `ERR_FRAME_TRUNCATED`, the bytes that had arrived. */
  declare readonly limit?: number;
  /** `ERR_FRAME_*`: where the frame begins, in bytes since the stream began. */
  declare readonly position?: number;

  /** `ETIMEDOUT` of a connection: the option that ended it, such as `idleTimeout`. */
  declare readonly option?: string;

  /** For tests, which make such errors themselves. */
  constructor(code: PipeErrorCode, message: string, { cause, ...fields }: PipeErrorFields = {}) {
    super(message, cause === undefined ? undefined : { cause });
    this.code = code;
    for (const [name, value] of Object.entries(fields)) {
      if (value !== undefined) Object.defineProperty(this, name, { value, enumerable: true, writable: true });
    }
  }
}

/** The Error for what native code reported about the pipe or file at `path`. */
export function failureToError([code, syscall, os, hint, frame, option]: RawFailure, path?: string): PipeError {
  const where = path === undefined ? '' : ` ${path}`;
  const what = frame && code !== 'ERR_FRAME_TRUNCATED' ? ` (${frame[0]} bytes${at(syscall, frame[2])})` : '';
  const message = `${syscall} ${code}${where}${hint ? `: ${hint}` : ''}${what}`.trim();
  return new PipeError(code, message, {
    syscall: syscall || undefined,
    path,
    option,
    ...(os === 0 ? {} : process.platform === 'win32' ? { winerror: os } : { errno: -os }),
    ...(frame && { declaredLength: frame[0], limit: frame[1], ...(syscall === 'read' && { position: frame[2] }) }),
  });
}

/** A frame that is refused on its way out is nowhere in the stream. */
function at(syscall: string, position: number): string {
  return syscall === 'read' ? `, at byte ${position} of the stream` : '';
}

/** The error for an invalid argument or option: names it, the given value and the valid ones. */
export function invalid(name: string, value: unknown, expected: string): PipeError {
  return new PipeError('EINVAL', `${name} must be ${expected}, not ${shown(value)}`);
}

/** Whether it is a PipeError: also of what somebody's code threw, whose traps may throw as well. */
export function isPipeError(thrown: unknown): thrown is PipeError {
  try {
    return thrown instanceof PipeError;
  } catch {
    return false;
  }
}

/** Why somebody's code threw this. Reading it may run more of that code, which may throw as well. */
export function reasonOf(thrown: unknown): string {
  try {
    if (thrown instanceof Error) return String(thrown.message);
  } catch {
    return 'an error that cannot be read';
  }
  return typeof thrown === 'string' ? thrown : thrown === null ? 'null' : typeof thrown;
}

function shown(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(value);
  try {
    return inspect(value, { depth: 0, breakLength: Infinity });
  } catch {
    return typeof value; // its own inspect() threw, say
  }
}
