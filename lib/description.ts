// What native code knows of a connection: who is on the other side, and what went over it.
import { DESCRIPTION_LENGTH } from './constants.ts';
import { loop } from './loop.ts';

/** The process on the other side, as the operating system named it when the connection was made. */
export interface Peer {
  /**
   * Its process id. For information: ids are used again once a process has ended. Absent
   * for a peer on another machine, which could claim any id.
   */
  readonly pid?: number;
  /** Windows: its session. */
  readonly sessionId?: number;
  /** Linux: its user id. */
  readonly uid?: number;
  /** Linux: its group id. */
  readonly gid?: number;
}

/** Counts of a connection's traffic so far. */
export interface ConnectionStats {
  /** Bytes that have arrived, with headers and delimiters. */
  readonly bytesReceived: number;
  /** Bytes that the operating system has taken, with headers and delimiters. */
  readonly bytesSent: number;
  /** Complete frames that have arrived. */
  readonly framesReceived: number;
  /** Frames that were accepted for sending. */
  readonly framesSent: number;
  /** Bytes that have arrived and were not consumed yet. */
  readonly available: number;
  /** Bytes that were accepted for sending and that the system has not taken yet. */
  readonly queued: number;
  /** Bytes of a frame that has not arrived as a whole. */
  readonly incomplete: number;
  /** Whether reading rests until this side has read more: its `highWaterMark` is reached. */
  readonly paused: boolean;
  /** When a byte last came or went, in ms since 1970, as `Date.now()` says it; at first, when the connection was made. */
  readonly lastActivity: number;
}

/** In the order in which native code writes it. Most are never looked at: so it stays numbers until then. */
export type Description = readonly [
  bytesReceived: number,
  bytesSent: number,
  framesReceived: number,
  framesSent: number,
  pid: number,
  sessionId: number,
  uid: number,
  gid: number,
  queued: number,
  incomplete: number,
  paused: number,
  lastActivity: number,
];

/** What native code answers in: it makes no array for it. */
const numbers = new Float64Array(DESCRIPTION_LENGTH);

/** What native code knows of a connection until it is released. */
export function describe(connection: number): Description {
  loop.describe(connection, numbers);
  const n = numbers as unknown as Description; // [...numbers] goes through an iterator
  return [n[0], n[1], n[2], n[3], n[4], n[5], n[6], n[7], n[8], n[9], n[10], Date.now() - n[11]];
}

/** Bytes that were accepted for sending and that the system has not taken. */
export function queuedIn(description: Description): number {
  return description[8];
}

/** `available` is known to who hands out frames. */
export function statsFrom(description: Description, available: number): ConnectionStats {
  const [bytesReceived, bytesSent, framesReceived, framesSent, , , , , queued, incomplete, paused, lastActivity] =
    description;
  return {
    bytesReceived,
    bytesSent,
    framesReceived,
    framesSent,
    available,
    queued,
    incomplete,
    paused: paused === 1,
    lastActivity,
  };
}

export function peerFrom(description: Description): Peer {
  const [, , , , pid, sessionId, uid, gid] = description;
  return Object.freeze({
    ...(pid >= 0 && { pid }),
    ...(sessionId >= 0 && { sessionId }),
    ...(uid >= 0 && { uid, gid }),
  });
}
