// The states that a connection may be in, seen from one of its ends.
import { onTestFinished } from 'vitest';
import { type ConnectOptions, framing, type PipeConnection } from '../../lib/index.ts';
import { clientFor, next, pattern, serverFor, uniqueName } from '../support/pipes.ts';
import { REASON, type Side } from './row.ts';

export interface Ends {
  /** The end on which something is called. */
  it: PipeConnection;
  peer: PipeConnection;
  /** Aborts what takes a signal. */
  controller: AbortController;
}

type Options = ConnectOptions<Buffer>;

/** The longest frame of an end. */
export const LONGEST = 100_000;
const bytes: Options = { framing: framing.lengthPrefix({ maxFrameLength: LONGEST }), highWaterMark: 1 << 16 };
const messages: Options = { framing: framing.message({ maxFrameLength: LONGEST }), highWaterMark: 1 << 16 };
const ofMessages = (side: Side) => side.endsWith('messages');
const quiet = (promise: Promise<unknown>) => promise.catch(() => {});

/** A connection, of which one end has these options, the other one those. */
export async function ends(side: Side, of: Options = {}, ofPeer: Options = of): Promise<Ends> {
  const name = uniqueName();
  const [server, client] = side.startsWith('server') ? [of, ofPeer] : [ofPeer, of];
  const options = ofMessages(side) ? messages : bytes;
  const listening = await serverFor(name, { ...options, ...server });
  const connected = await clientFor(name, { ...options, ...client });
  const served = await next(listening);
  onTestFinished(() => served.destroy());
  const [it, peer] = side.startsWith('server') ? [served, connected] : [connected, served];
  return { it, peer, controller: new AbortController() };
}

/** More than both marks and the system's buffers hold: some of it is here for as long as the peer does not read. */
export function flood(connection: PipeConnection): void {
  for (let i = 0; i < 64; i++) void connection.send(pattern(64_000));
}

async function behind(side: Side, of?: Options, ofPeer?: Options): Promise<Ends> {
  const state = await ends(side, of, ofPeer);
  flood(state.it);
  return state;
}

/** The peer sends these bytes, which are no frame. */
async function hearing(side: Side, bytes: Uint8Array, of: Options = {}): Promise<Ends> {
  const state = await ends(side, of, { framing: framing.raw() });
  await state.peer.send(Buffer.from(bytes));
  return state;
}

async function broken(side: Side, bytes: Uint8Array, of?: Options): Promise<Ends> {
  const state = await hearing(side, bytes, of);
  await quiet(state.it.read());
  return state;
}

async function brokenByMessage(side: Side): Promise<Ends> {
  const state = await ends(side, {}, { framing: framing.message() });
  await state.peer.send(Buffer.alloc(LONGEST + 1));
  await quiet(state.it.read());
  return state;
}

async function ended(made: Promise<Ends>, end: (state: Ends) => void): Promise<Ends> {
  const state = await made;
  end(state);
  await quiet(state.it.closed);
  return state;
}

/** What is not a length of 4 bytes and so many more: 10 bytes of a varint that goes on. */
const ENDLESS_VARINT = new Uint8Array(11).fill(0xff);
const DECLARES_TOO_MUCH = new Uint8Array(new Uint32Array([LONGEST + 1]).buffer);
const BEGINS_A_FRAME = new Uint8Array([10, 0, 0, 0, 1, 2, 3]);

export const endStates = {
  open: (side: Side) => ends(side),
  'the peer does not read': (side: Side) => behind(side),
  'it only sends, and the peer does not read': (side: Side) => behind(side, { direction: 'out' }, { direction: 'in' }),

  'this side is closing the connection': async (side: Side) => {
    const state = await behind(side);
    void quiet(state.it.close({ timeout: Infinity }));
    return state;
  },
  'this side has closed the connection': (side: Side) => ended(ends(side), ({ it }) => void it.close()),
  'this side is destroying the connection': async (side: Side) => {
    const state = await behind(side);
    state.it.destroy();
    return state;
  },
  'this side has destroyed the connection': (side: Side) => ended(ends(side), ({ it }) => it.destroy()),
  'this side has destroyed the connection, with an error': (side: Side) =>
    ended(ends(side), ({ it }) => it.destroy(REASON)),
  'the peer did not read until the timeout of close': (side: Side) =>
    ended(behind(side), ({ it }) => void quiet(it.close({ timeout: 0 }))),

  'nothing has come or gone within `idleTimeout`': (side: Side) => ended(ends(side, { idleTimeout: 20 }, {}), () => {}),
  'the peer has taken nothing within `writeTimeout`': (side: Side) =>
    ended(behind(side, { writeTimeout: 20 }, {}), () => {}),
  'the client has sent nothing within `firstFrameTimeout`': (side: Side) =>
    ended(ends(side, { firstFrameTimeout: 20 } as Options, {}), () => {}),
  'the peer has begun a frame, and not completed it within `frameTimeout`': (side: Side) =>
    ended(hearing(side, BEGINS_A_FRAME, { frameTimeout: 20 }), () => {}),

  'the peer has left': (side: Side) => ended(ends(side), ({ peer }) => void peer.close()),
  'the peer has left, and did not read everything': (side: Side) => ended(behind(side), ({ peer }) => peer.destroy()),
  'the peer has left within a frame': (side: Side) =>
    ended(hearing(side, BEGINS_A_FRAME), ({ peer }) => void peer.close()),

  'the peer has sent a frame longer than `maxFrameLength`': (side: Side) =>
    ofMessages(side) ? brokenByMessage(side) : broken(side, DECLARES_TOO_MUCH),
  'the peer has sent a malformed frame': (side: Side) => broken(side, ENDLESS_VARINT, { framing: framing.varint() }),

  'the peer does not read, and `writeTimeout` is set': (side: Side) => behind(side, { writeTimeout: 300 }, {}),

  'it only receives': (side: Side) => ends(side, { direction: 'in' }, { direction: 'out' }),
  'it only sends': (side: Side) => ends(side, { direction: 'out' }, { direction: 'in' }),
  'its stream was ended': async (side: Side) => {
    const state = await ends(side, { framing: framing.raw() });
    const stream = state.it.toDuplex({ allowHalfOpen: true, linger: Infinity });
    stream.on('data', () => {});
    await new Promise<void>((resolve) => stream.end(() => resolve()));
    return state;
  },
};

/** Messages have no framing that could be broken, and no stream; only a server sets `firstFrameTimeout`. */
export function possible(state: string, side: Side): boolean {
  if (state.includes('firstFrameTimeout')) return side.startsWith('server');
  const bytesOnly = [
    'the peer has begun a frame, and not completed it within `frameTimeout`',
    'the peer has left within a frame',
    'the peer has sent a malformed frame',
    'its stream was ended',
  ];
  return !ofMessages(side) || !bytesOnly.includes(state);
}

export const ALL_SIDES: readonly Side[] = ['server', 'client', 'server of messages', 'client of messages'];

/** What happens while a call waits. */
export const endCauses = {
  'this side closes the connection': ({ it }: Ends) => void it.close(),
  'this side destroys the connection': ({ it }: Ends) => it.destroy(),
  'this side destroys the connection with an error': ({ it }: Ends) => it.destroy(REASON),
  'this side closes the connection, and destroys it': ({ it }: Ends) => {
    void it.close();
    it.destroy();
  },
  'this side closes the connection, and the peer leaves': ({ it, peer }: Ends) => {
    void it.close();
    peer.destroy();
  },
  'the peer leaves': ({ peer }: Ends) => peer.destroy(),
  'time runs out': ({ it }: Ends) => quiet(it.closed),
  'the signal aborts': ({ controller }: Ends) => controller.abort(REASON),
};

/** The limits of time that have run out, and what is said of them. */
export const RAN_OUT = [
  {
    when: 'nothing has come or gone within `idleTimeout`',
    code: 'ETIMEDOUT',
    syscall: 'read',
    says: 'nothing came and nothing went within idleTimeout',
  },
  {
    when: 'the peer has taken nothing within `writeTimeout`',
    code: 'ETIMEDOUT',
    syscall: 'write',
    says: 'the peer took nothing of what is queued within writeTimeout',
  },
  {
    when: 'the client has sent nothing within `firstFrameTimeout`',
    code: 'ETIMEDOUT',
    syscall: 'read',
    says: 'no frame was complete within firstFrameTimeout',
  },
  {
    when: 'the peer has begun a frame, and not completed it within `frameTimeout`',
    code: 'ETIMEDOUT',
    syscall: 'read',
    says: 'a frame that was begun was not complete within frameTimeout',
  },
] as const;

/** What is asked of the connection after that. */
export const AFTER_THAT = {
  when: RAN_OUT.map(({ when }) => when),
  code: 'EPIPE',
  says: 'the connection has failed',
  cause: { code: 'ETIMEDOUT' },
};
