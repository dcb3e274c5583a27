// Numbers and names that native code and this side both know by heart. They stand here as constants, for hot code; the
// addon tells its own (native/binding/constants.cc), and native.ts compares them when it loads it.
import { isDeepStrictEqual } from 'node:util';

/** Kinds of users and groups. */
export const PRINCIPALS = {
  owner: 0,
  administrators: 1,
  system: 2,
  services: 3,
  interactive: 4,
  appPackages: 5,
  authenticated: 6,
  everyone: 7,
  sid: 8,
  uid: 9,
  gid: 10,
} as const;
/** The least that a client must have. */
export const INTEGRITIES = { unset: 0, low: 1, medium: 2, high: 3 } as const;
/** Which way frames go, as this end sees it. */
export const DIRECTIONS = { duplex: 3, in: 1, out: 2 } as const;
/** What a server may do with its client's identity. */
export const LEVELS = { anonymous: 0, identification: 1, impersonation: 2, delegation: 3 } as const;

/** Kinds of event, as NativeLoop tells them. */
export const EventKind = {
  frames: 0,
  ended: 1,
  unsent: 2,
  drained: 3,
  closed: 4,
  accepted: 5,
  unlistened: 6,
  settled: 7,
} as const;

/** An event of the boundary's own, beside those. */
export const SLAB = 8;
/** Numbers of an event. */
export const EVENT_LENGTH = 4;
/** Numbers before the boundaries of frames, in the table: their bytes, and what they count for. */
export const FRAMES_HEAD = 2;

/** Kinds of framing, as native code knows them, and the fields that each has beside `maxFrameLength`. */
export const FRAMINGS = {
  raw: [],
  lengthPrefix: ['lengthBytes', 'bigEndian', 'keepHeader', 'offset', 'unit', 'adjustment'],
  varint: [],
  delimited: ['delimiter', 'moreDelimiters', 'trimCr', 'lastFrame'],
  contentLength: [],
  fixed: ['frameBytes'],
  netstring: [],
  custom: [],
  message: [],
} as const;
/** What can be done to files as the client. */
export const FILE_OPERATIONS = [
  'open',
  'readFile',
  'writeFile',
  'stat',
  'lstat',
  'access',
  'readdir',
  'mkdir',
  'rm',
  'rename',
] as const;
/** Flags of mkdir and rm. */
export const RECURSIVE = 1;
export const FORCE = 2;

/** In bytes, as is the next one. */
export const GREATEST_FRAME: number = 2 ** 30;
export const LONGEST_DELIMITER = 256;
export const MOST_DELIMITERS = 16;

/** The lowest bits of a native number are its slot. */
export const SLOT_BITS = 20;
/** Numbers that describe a connection. */
export const DESCRIPTION_LENGTH = 12;

/** Where the outbox's table says how many frames there are; where the first one's entry is; numbers of each entry. */
export const OUTBOX_COUNT = 0;
export const OUTBOX_FIRST = 1;
export const OUTBOX_ENTRY = 2;

const ours: Readonly<Record<string, unknown>> = {
  principals: PRINCIPALS,
  integrities: INTEGRITIES,
  directions: DIRECTIONS,
  levels: LEVELS,
  eventKinds: EventKind,
  framings: FRAMINGS,
  fileOperations: FILE_OPERATIONS,
  recursive: RECURSIVE,
  force: FORCE,
  greatestFrame: GREATEST_FRAME,
  longestDelimiter: LONGEST_DELIMITER,
  mostDelimiters: MOST_DELIMITERS,
  slotBits: SLOT_BITS,
  descriptionLength: DESCRIPTION_LENGTH,
  eventLength: EVENT_LENGTH,
  slab: SLAB,
  framesHead: FRAMES_HEAD,
  outboxCount: OUTBOX_COUNT,
  outboxFirst: OUTBOX_FIRST,
  outboxEntry: OUTBOX_ENTRY,
};

/** Names of the constants that an addon has otherwise, or not at all, or alone. An old one tells none: `undefined`. */
export function differences(theirs: Readonly<Record<string, unknown>> = {}): string[] {
  // Made again here: in the sandbox of a test runner, arrays of native code have another prototype than ours.
  const copy: Record<string, unknown> = JSON.parse(JSON.stringify(theirs));
  const names = new Set([...Object.keys(ours), ...Object.keys(copy)]);
  return [...names].filter((name) => !isDeepStrictEqual(ours[name], copy[name]));
}
