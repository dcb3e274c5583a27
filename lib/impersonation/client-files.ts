// The client's files, as node:fs describes files.
import type { Stats } from 'node:fs';

// As libuv gives them on every system; Windows' fs.constants lack some.
const KIND = 0o170000;
const FIFO = 0o010000;
const CHARACTER_DEVICE = 0o020000;
const DIRECTORY = 0o040000;
const BLOCK_DEVICE = 0o060000;
const FILE = 0o100000;
const LINK = 0o120000;
const SOCKET = 0o140000;

/** By uv_dirent_type_t: unknown, file, directory, link, FIFO, socket, character device, block device. */
const KIND_OF_TYPE = [0, FILE, DIRECTORY, LINK, FIFO, SOCKET, CHARACTER_DEVICE, BLOCK_DEVICE];

/** Something that has a kind, of those above. */
class OfKind {
  readonly #kind: number;

  constructor(kind: number) {
    this.#kind = kind;
  }

  isFile(): boolean {
    return this.#kind === FILE;
  }
  isDirectory(): boolean {
    return this.#kind === DIRECTORY;
  }
  isSymbolicLink(): boolean {
    return this.#kind === LINK;
  }
  isFIFO(): boolean {
    return this.#kind === FIFO;
  }
  isSocket(): boolean {
    return this.#kind === SOCKET;
  }
  isCharacterDevice(): boolean {
    return this.#kind === CHARACTER_DEVICE;
  }
  isBlockDevice(): boolean {
    return this.#kind === BLOCK_DEVICE;
  }
}

/** An entry of a folder, like `fs.Dirent`. */
export class ClientDirent extends OfKind {
  /** Its name. */
  readonly name: string;
  /** The folder that it is in, as that was asked for. */
  readonly parentPath: string;

  /** @internal */
  constructor(name: string, type: number, parentPath: string) {
    super(KIND_OF_TYPE[type] ?? 0);
    this.name = name;
    this.parentPath = parentPath;
  }
}

/** What native code tells about a file: FileStatus in native/core/result.h. */
export type RawStatus = readonly number[];

class ClientStats extends OfKind implements Stats {
  declare readonly dev: number;
  declare readonly mode: number;
  declare readonly nlink: number;
  declare readonly uid: number;
  declare readonly gid: number;
  declare readonly rdev: number;
  declare readonly ino: number;
  declare readonly size: number;
  declare readonly blksize: number;
  declare readonly blocks: number;
  declare readonly atimeMs: number;
  declare readonly mtimeMs: number;
  declare readonly ctimeMs: number;
  declare readonly birthtimeMs: number;

  constructor(raw: RawStatus) {
    const [dev, mode, nlink, uid, gid, rdev, ino, size, blksize, blocks, atimeMs, mtimeMs, ctimeMs, birthtimeMs] = raw;
    super(mode! & KIND);
    Object.assign(this, { dev, mode, nlink, uid, gid, rdev, ino, size, blksize, blocks });
    Object.assign(this, { atimeMs, mtimeMs, ctimeMs, birthtimeMs });
  }

  get atime(): Date {
    return new Date(Math.round(this.atimeMs));
  }
  get mtime(): Date {
    return new Date(Math.round(this.mtimeMs));
  }
  get ctime(): Date {
    return new Date(Math.round(this.ctimeMs));
  }
  get birthtime(): Date {
    return new Date(Math.round(this.birthtimeMs));
  }
}

export function statsOf(raw: RawStatus): Stats {
  return new ClientStats(raw);
}

/** Name and type of each entry in turn. */
export function direntsOf(raw: readonly (string | number)[], folder: string): ClientDirent[] {
  const entries: ClientDirent[] = [];
  for (let i = 0; i < raw.length; i += 2)
    entries.push(new ClientDirent(raw[i] as string, raw[i + 1] as number, folder));
  return entries;
}
