import { constants, type OpenMode, type PathLike, type Stats } from 'node:fs';
import { FORCE, RECURSIVE } from '../constants.ts';
import { invalid, PipeError } from '../errors.ts';
import { forget, loop, request } from '../loop.ts';
import type { Operation } from '../native.ts';
import { checked, type Names } from '../option-names.ts';
import { abortSignal, boolean } from '../options.ts';
import { orAborted } from '../promises.ts';
import { type ClientDirent, direntsOf, type RawStatus, statsOf } from './client-files.ts';
import { fileMode, nativePath, openFlags, plainPath } from './path.ts';

/** An account, as the operating system knows it. */
export interface ClientUser {
  /** The account's name; its number or SID if it has none any more. */
  readonly name: string;
  /** Windows: the domain or machine of the account. */
  readonly domain?: string;
  /** Windows: its security identifier. */
  readonly sid?: string;
  /** Linux: its user id. */
  readonly uid?: number;
  /** Linux: its group id. */
  readonly gid?: number;
  /** Windows: the SIDs of its groups that are enabled. Linux: the ids of its supplementary groups. */
  readonly groups: readonly string[] | readonly number[];
  /** Windows: whether its token is elevated (an administrator's rights are in force). */
  readonly elevated?: boolean;
  /** Windows: how far its process is trusted. */
  readonly integrity?: 'untrusted' | 'low' | 'medium' | 'high' | 'system';
}

/** How a whole file is read or written; or just the encoding. */
export type FileOptions<E = BufferEncoding> =
  | E
  | {
      /** The encoding of the text. Default: none for reading, which gives a Buffer; `'utf8'` for writing. */
      readonly encoding?: E | undefined;
      /** How the file is opened. Default: `'r'` for reading, `'w'` for writing. */
      readonly flag?: OpenMode | undefined;
      /** Permissions of a file that is made. Default: `0o666`. */
      readonly mode?: string | number | undefined;
      /** For reading: the most bytes that are read, up to 2 GiB − 1. Default: 64 MiB. */
      readonly maxLength?: number | undefined;
      /**
       * Also devices, FIFOs and pipes, which may have no end: the client chooses the name. It waits for what the
       * writers or readers of a FIFO do, if there are any. Default: `false`.
       */
      readonly special?: boolean | undefined;
      /**
       * Ends the operation: it is not begun, or its result is dropped, and it rejects with the reason of the signal.
       * What was written until then stays.
       */
      readonly signal?: AbortSignal | undefined;
    };

type FileFields<E> = Exclude<FileOptions<E>, E>;
type FileNames = Partial<Names<FileFields<BufferEncoding>>>;

const READ_FILE = { encoding: true, flag: true, maxLength: true, special: true, signal: true } satisfies FileNames;
const WRITE_FILE = { encoding: true, flag: true, mode: true, special: true, signal: true } satisfies FileNames;
const READDIR = { withFileTypes: true } as const;
const MKDIR = { recursive: true, mode: true } as const;
const RM = { recursive: true, force: true } as const;

/** The client names the file: so this much, and no more, unless the caller says otherwise. */
const DEFAULT_MAX_LENGTH = 64 * 1024 * 1024;
/** Node's own limit for readFile. */
const GREATEST_MAX_LENGTH = 2 ** 31 - 1;

export let releaseClient: (client: AsClient) => void;
/** Whether an operation was begun with it. */
export let wasUsed: (client: AsClient) => boolean;

/**
 * The client, to act as: `node:fs/promises`' operations under its identity. Each is carried out on a native thread that
 * does nothing else; neither JavaScript's thread nor Node's pool ever is the client for them. One user's are carried out one
 * after the other, and delay nobody else's; when 4,096 wait, the next one rejects with `EAGAIN`. Errors are Node's (`EACCES`, `ENOENT`, …). On Linux no path leads into `/proc` (`EACCES`) or through its links, as `/dev/stdin` is
 * one (`ELOOP`): there, the kernel takes each thread for the server. It works until the promise of the function that it was
 * given to has settled, and rejects with `ERR_PIPE_CLIENT_RELEASED` afterwards.
 */
export class AsClient {
  #identity: number | undefined;
  #used = false;

  static {
    releaseClient = (client) => {
      client.#identity = undefined;
    };
    wasUsed = (client) => client.#used;
  }

  /** @internal */
  constructor(identity: number) {
    this.#identity = identity;
  }

  /**
   * Opens a file and gives its descriptor, for `node:fs` to use and to close. The system asks for rights when a file is
   * opened, so it may be read and written as anybody. It does not wait for the other end of a FIFO. Windows: the server of a
   * pipe that is opened learns nobody's identity (`CreateFileW` with `SECURITY_ANONYMOUS`). (In a Worker, Node warns when a
   * descriptor is closed that Node has not opened itself.)
   */
  open(path: PathLike, flags: OpenMode = 'r', mode: string | number = 0o666): Promise<number> {
    return this.#perform('open', path, () => [openFlags(flags), fileMode(mode)]);
  }

  /**
   * A whole regular file: its bytes, or with an encoding its text. Rejects with `ENOTSUP` for a device, a FIFO, a socket or
   * a pipe (unless `special`), with `EISDIR` for a folder, and with `ERR_FS_FILE_TOO_LARGE` for more than `maxLength`
   * bytes (64 MiB), before memory is taken for them.
   */
  readFile(path: PathLike, options?: FileOptions<null> | null): Promise<Buffer>;
  readFile(
    path: PathLike,
    options: FileOptions & (BufferEncoding | { readonly encoding: BufferEncoding }),
  ): Promise<string>;
  readFile(path: PathLike, options?: FileOptions<BufferEncoding | null> | null): Promise<string | Buffer>;
  async readFile(path: PathLike, options?: FileOptions<BufferEncoding | null> | null): Promise<string | Buffer> {
    this.#held(); // before what the options may be blamed for
    const {
      encoding,
      flag = 'r',
      maxLength = DEFAULT_MAX_LENGTH,
      special = false,
      signal,
    } = fileOptions('readFile', options, READ_FILE);
    if (!(Number.isInteger(maxLength) && maxLength >= 0 && maxLength <= GREATEST_MAX_LENGTH))
      throw invalid('maxLength', maxLength, `a whole number from 0 to ${GREATEST_MAX_LENGTH} (bytes)`);
    boolean('special', special);
    abortSignal(signal);
    const more = () => [openFlags(flag), maxLength, '', special] as const;
    const bytes = await this.#perform<Buffer>('readFile', path, more, signal);
    return encoding ? bytes.toString(encoding) : bytes;
  }

  /**
   * Writes a whole regular file, which is made if there is none (`mode`) and emptied before, unless `flag` says otherwise.
   * Rejects with `ENOTSUP` for a device, a FIFO, a socket or a pipe, unless `special`.
   */
  async writeFile(
    path: PathLike,
    data: string | NodeJS.ArrayBufferView,
    options?: FileOptions<BufferEncoding | null>,
  ): Promise<void> {
    this.#held();
    const {
      encoding,
      flag = 'w',
      mode = 0o666,
      special = false,
      signal,
    } = fileOptions('writeFile', options, WRITE_FILE);
    boolean('special', special);
    abortSignal(signal);
    const bytes = bytesOf(data, encoding);
    await this.#perform('writeFile', path, () => [openFlags(flag), fileMode(mode), bytes, special], signal);
  }

  /** The status of the file. */
  async stat(path: PathLike): Promise<Stats> {
    return statsOf(await this.#perform<RawStatus>('stat', path));
  }

  /** The status of the file, or of the link if it is one. */
  async lstat(path: PathLike): Promise<Stats> {
    return statsOf(await this.#perform<RawStatus>('lstat', path));
  }

  /** Rejects unless the client may use the file so: `fs.constants.R_OK`, `W_OK`, `X_OK`; or if there is none. */
  access(path: PathLike, mode: number = constants.F_OK): Promise<void> {
    return this.#perform('access', path, () => [0, fileMode(mode)]);
  }

  /** The entries of a folder: their names, or with `withFileTypes` their kinds, too. */
  readdir(path: PathLike, options?: { readonly withFileTypes?: false | undefined }): Promise<string[]>;
  readdir(path: PathLike, options: { readonly withFileTypes: true }): Promise<ClientDirent[]>;
  async readdir(
    path: PathLike,
    options: { readonly withFileTypes?: boolean | undefined } = {},
  ): Promise<string[] | ClientDirent[]> {
    const { withFileTypes = false } = checked('readdir', options, READDIR);
    const raw = await this.#perform<(string | number)[]>('readdir', path);
    const entries = direntsOf(raw, String(path));
    return withFileTypes ? entries : entries.map((entry) => entry.name);
  }

  /** Makes a folder; `recursive`: with all above it, and gives the first that was made, if any. */
  async mkdir(
    path: PathLike,
    options: { readonly recursive?: boolean | undefined; readonly mode?: string | number | undefined } = {},
  ): Promise<string | undefined> {
    const { recursive = false, mode = 0o777 } = checked('mkdir', options, MKDIR);
    const made = await this.#perform<string | undefined>('mkdir', path, () => [
      recursive ? RECURSIVE : 0,
      fileMode(mode),
    ]);
    return made === undefined ? undefined : plainPath(made);
  }

  /** Removes a file; `recursive`: also a folder with all in it. `force`: it need not exist. */
  async rm(
    path: PathLike,
    options: { readonly recursive?: boolean | undefined; readonly force?: boolean | undefined } = {},
  ): Promise<void> {
    const { recursive = false, force = false } = checked('rm', options, RM);
    await this.#perform('rm', path, () => [(recursive ? RECURSIVE : 0) | (force ? FORCE : 0)]);
  }

  /** Gives a file or folder another name or place, and replaces whatever has that name. */
  rename(from: PathLike, to: PathLike): Promise<void> {
    return this.#perform('rename', from, () => [0, 0, nativePath(to)]);
  }

  /** The client's account. */
  async user(): Promise<ClientUser> {
    return userOf(this.#held());
  }

  async #perform<T>(
    operation: Operation,
    path: PathLike,
    more: () => readonly [flags?: number, mode?: number, more?: string | Uint8Array, special?: boolean] = () => [],
    signal?: AbortSignal,
  ): Promise<T> {
    const identity = this.#held();
    const where = nativePath(path);
    const rest = more();
    signal?.throwIfAborted();
    let begun!: number;
    const done = request<T>((id) => {
      begun = id;
      return loop.perform(identity, id, operation, where, ...rest);
    }, String(path));
    if (!signal) return done;
    return orAborted(done, signal, () => {
      forget(begun);
      loop.cancelOperation(begun);
    });
  }

  #held(): number {
    this.#used = true;
    if (this.#identity !== undefined) return this.#identity;
    throw new PipeError(
      'ERR_PIPE_CLIENT_RELEASED',
      'runAsClient is over: the client was given back when the promise of its function settled; await all inside',
    );
  }
}

/** Whose identity it is. */
export function userOf(identity: number): Promise<ClientUser> {
  return request<ClientUser>((id) => loop.perform(identity, id, 'user', ''));
}

function fileOptions<E>(call: string, options: FileOptions<E> | null | undefined, names: object): FileFields<E> {
  const fields = typeof options === 'string' ? { encoding: options } : (options ?? {});
  return checked(call, fields as FileFields<E>, names as Names<FileFields<E>>);
}

function bytesOf(data: string | NodeJS.ArrayBufferView, encoding: BufferEncoding | null | undefined): Uint8Array {
  if (typeof data === 'string') return Buffer.from(data, encoding ?? 'utf8');
  if (ArrayBuffer.isView(data)) return new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  throw invalid('data', data, 'a string, a Buffer or another view of bytes');
}
