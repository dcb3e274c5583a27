// What Windows itself says, and peers without framepipe: the addon in witness/. Windows only.
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { onTestFinished } from 'vitest';
import { isWine } from './system.ts';

/** A handle of Windows'; a negative one is an error: GetLastError(), negated. */
export type Handle = number;

interface Native {
  ownSid(): string;
  ownOwner(): string;
  actAs<R>(user: string, groups: string[], fn: () => R): R;
  createPipe(path: string, openMode: number, pipeMode: number, maxInstances: number, sddl: string): Handle;
  open(path: string, access: number, flags: number, readMode: number): Handle;
  close(handle: Handle): number;
  write(handle: Handle, bytes: Buffer): number;
  read(handle: Handle, into: Buffer): number;
  descriptor(path: string): string | number;
  pipeInfo(handle: Handle, numbers: Buffer): number;
  clientLevel(handle: Handle): number;
  clientSid(handle: Handle): string | number;
}

const file = isWine ? '../../build-native/witness/witness.node' : 'witness/build/Release/witness.node';
export const witnessFile: string = fileURLToPath(new URL(file, import.meta.url));
const native: Native = createRequire(import.meta.url)(witnessFile);

/** Of windows.h. */
export const win = {
  GENERIC_READ: 0x8000_0000,
  GENERIC_WRITE: 0x4000_0000,
  READ_CONTROL: 0x2_0000,
  FILE_CREATE_PIPE_INSTANCE: 4,
  PIPE_ACCESS_INBOUND: 1,
  PIPE_ACCESS_OUTBOUND: 2,
  PIPE_ACCESS_DUPLEX: 3,
  FILE_FLAG_FIRST_PIPE_INSTANCE: 0x8_0000,
  FILE_FLAG_OVERLAPPED: 0x4000_0000,
  WRITE_DAC: 0x4_0000,
  WRITE_OWNER: 0x8_0000,
  PIPE_TYPE_MESSAGE: 4,
  PIPE_READMODE_MESSAGE: 2,
  PIPE_REJECT_REMOTE_CLIENTS: 8,
  PIPE_UNLIMITED_INSTANCES: 255,
  SECURITY_SQOS_PRESENT: 0x10_0000,
  SECURITY_CONTEXT_TRACKING: 0x4_0000,
  SECURITY_EFFECTIVE_ONLY: 0x8_0000,
  SECURITY_LEVEL: 0x3_0000,
  ERROR_FILE_NOT_FOUND: 2,
  ERROR_ACCESS_DENIED: 5,
  ERROR_BROKEN_PIPE: 109,
  ERROR_PIPE_BUSY: 231,
} as const;

/** Whom this process runs as. */
export const me: string = native.ownSid();
/** Whom its pipes belong to: this user, or Administrators when it is elevated. */
export const ourOwner: string = native.ownOwner();

/** Who owns a pipe, and who may do what. */
export interface Descriptor {
  owner: string;
  /** Nothing is inherited. */
  isProtected: boolean;
  /** In order: the first that concerns somebody counts. Undefined: no list, anybody may do anything. */
  entries: { allow: boolean; mask: number; sid: string }[] | undefined;
}

/** What Windows has for a pipe. Takes up one of its instances for a moment. */
export function descriptorOf(path: string): Descriptor {
  const found = native.descriptor(path);
  if (typeof found === 'number') throw new SystemError(-found);
  const lines = found.split('\n').map((line) => line.split(' '));
  const entries = lines.filter((line) => line.length === 4);
  return {
    owner: lines[0]![1]!,
    isProtected: lines.some(([word]) => word === 'protected'),
    entries: lines.some(([word]) => word === 'open')
      ? undefined
      : entries.map(([type, , mask, sid]) => ({ allow: type === '0', mask: Number(mask), sid: sid! })),
  };
}

const EVERYONE = 'S-1-1-0';
const AUTHENTICATED = 'S-1-5-11';

/** A user who is not this process's. `stranger`: this one, but to whom no entry of a descriptor gives what is his. */
export type User = 'stranger' | { sid: string; groups: string[] };

/** Users who have logged on. Wine lets administrators make users up, Windows nobody. */
export const otherUsers: [string, User][] = isWine
  ? [['another user', { sid: 'S-1-5-21-1-2-3-4444', groups: [EVERYONE, AUTHENTICATED] }]]
  : [['a stranger', 'stranger']]; // to Wine, deny-only users are users

/** Somebody who has not. */
export const anonymousUser: User = { sid: 'S-1-5-7', groups: [EVERYONE] };

/** Calls `fn` with this thread being that user, until it returns: what it awaits is done as this process again. */
export function actAs<R>(user: User, fn: () => R): R {
  return user === 'stranger' ? native.actAs('stranger', [], fn) : native.actAs(user.sid, user.groups, fn);
}

/** An instance of a pipe, as another program makes it. Its error is thrown as a number. */
export class ForeignServer {
  readonly path: string;
  readonly handle: Handle;

  constructor(path: string, { openMode = 3, pipeMode = 0, maxInstances = 255, sddl = '' } = {}) {
    this.path = path;
    this.handle = checked(native.createPipe(path, openMode, pipeMode, maxInstances, sddl));
    onTestFinished(() => this.close());
  }

  /** How far it may act as its client: 0 (anonymous) … 3 (delegation). */
  clientLevel = (): number => native.clientLevel(this.handle);
  /** Whom it would act as. */
  clientSid = (): string | number => native.clientSid(this.handle);
  write = (bytes: string | Buffer): number => native.write(this.handle, Buffer.from(bytes));
  read = (length = 65_536): Promise<Buffer | number> => readFrom(this.handle, length);
  close = (): void => void native.close(this.handle);
}

/** A client, as another program opens it: without SQOS, unless `flags` say so. */
export class ForeignClient {
  readonly handle: Handle;

  constructor(path: string, { access = win.GENERIC_READ + win.GENERIC_WRITE, flags = 0, readMode = 0 } = {}) {
    this.handle = checked(native.open(path, access, flags, readMode));
    onTestFinished(() => this.close());
  }

  write = (bytes: string | Buffer): number => native.write(this.handle, Buffer.from(bytes));
  read = (length = 65_536): Promise<Buffer | number> => readFrom(this.handle, length);
  close = (): void => void native.close(this.handle);

  /** Of GetNamedPipeInfo and GetNamedPipeHandleState. */
  info(): { flags: number; outBuffer: number; inBuffer: number; maxInstances: number; instances: number } {
    const numbers = Buffer.alloc(24);
    checked(native.pipeInfo(this.handle, numbers));
    const [flags, outBuffer, inBuffer, maxInstances, instances] = new Uint32Array(
      numbers.buffer,
      numbers.byteOffset,
      6,
    );
    return {
      flags: flags!,
      outBuffer: outBuffer!,
      inBuffer: inBuffer!,
      maxInstances: maxInstances!,
      instances: instances!,
    };
  }
}

/** The error that `attempt` meets, or 0. */
export function errorOf(attempt: () => unknown): number {
  try {
    attempt();
    return 0;
  } catch (error) {
    if (error instanceof SystemError) return error.code;
    throw error;
  }
}

class SystemError extends Error {
  readonly code: number;
  constructor(code: number) {
    super(`Windows' error ${code}`);
    this.code = code;
  }
}

function checked(handle: number): number {
  if (handle < 0) throw new SystemError(-handle);
  return handle;
}

/** The bytes, or Windows' error. This thread waits; what it sent must have left it before. */
async function readFrom(handle: Handle, length: number): Promise<Buffer | number> {
  await new Promise(setImmediate);
  const into = Buffer.alloc(length);
  const got = native.read(handle, into);
  return got < 0 ? -got : into.subarray(0, got);
}
