// A connection's life: what it is made of, what native code tells of it, how it ends, and who may ask for its client then.
import type { PipeConnection } from './connection.ts';
import { type Description, describe, type Peer, peerFrom, queuedIn } from './description.ts';
import { Ending } from './ending.ts';
import type { PipeError } from './errors.ts';
import { FrameQueue } from './frames.ts';
import type { Numbered } from './handles.ts';
import { Impersonation } from './impersonation/impersonation.ts';
import { type Cut, type Intake, intakeFor } from './intake.ts';
import { addConnection, loop, tellConnections } from './loop.ts';
import type { FormerClient } from './native.ts';
import { tellEnded, tellImpersonating } from './observing.ts';
import type { Channel } from './options.ts';
import { Readers } from './readers.ts';
import { Sender } from './sender.ts';

export type Side = 'server' | 'client';

/** The server of a connection, as far as it matters to that. */
export interface Origin {
  /** Told when the connection is released, before anybody else is. `number`: native code's. */
  forget(number: number): void;
  /** Somebody uses the connection with this id who need not have taken it: from then on it is taken. */
  claim(id: number): void;
}

export class Life<T> implements Numbered {
  // Itself what native code calls it by, for all of its parts: they are many, and connections as well.
  number: number;
  readonly channel: Channel<T>;
  readonly side: Side;
  readonly ending: Ending;
  readonly frames: FrameQueue<T>;
  readonly readers: Readers<FrameQueue<T>>;
  readonly sender: Sender<T>;

  /** What the user has of it. */
  readonly #connection: PipeConnection<T>;
  readonly #origin: Origin | undefined;
  /** Where frames are found on this side. */
  readonly #intake: Intake | undefined;
  /** Nobody has begun to read, or acted as the client. */
  #unused = true;
  /** Made when it is asked for, as most connections' is not. */
  #impersonation: Impersonation | undefined;
  /** Who the client was, from the end on until this side closes, too. */
  #formerClient: FormerClient | undefined;
  #peer: Peer | undefined;
  /** Of its end: native code forgets the connection then. */
  #last: Description | undefined;

  /** `number`: native code's. */
  constructor(connection: PipeConnection<T>, number: number, channel: Channel<T>, side: Side, origin?: Origin) {
    this.number = number;
    this.channel = channel;
    this.side = side;
    this.#connection = connection;
    this.#origin = origin;
    this.#intake = intakeFor(this, channel);
    this.ending = new Ending(channel.path);
    this.frames = new FrameQueue(this, channel, this.#intake);
    this.readers = new Readers(this.frames);
    this.sender = new Sender(this, channel);
    addConnection(number, this);
  }

  get path(): string {
    return this.channel.path;
  }

  get peer(): Peer {
    return (this.#peer ??= peerFrom(this.description));
  }

  /** What native code knows of it, or knew last. */
  get description(): Description {
    return this.#last ?? describe(this.number);
  }

  /** Bytes that were accepted for sending and that the system has not taken. */
  get queued(): number {
    loop.takeOutbox();
    return this.ending.state === 'closed' ? 0 : queuedIn(this.description);
  }

  /** Somebody uses the connection, and has taken it with that. */
  claim(): void {
    if (!this.#unused) return;
    this.#unused = false;
    this.#origin?.claim(this.#connection.id);
  }

  /** Gracefully, unless that has begun. After the end, this side lets go of it. */
  close(): void {
    if (this.ending.state === 'open') {
      this.#stop();
      loop.close(this.number);
    }
    if (this.ending.state === 'closed') this.#forgetClient();
  }

  /** The same at once, and because of `error`. */
  destroy(error: unknown): void {
    if (this.ending.state === 'closed') {
      this.#forgetClient();
      return;
    }
    this.ending.failed(error);
    this.#stop(error ?? undefined);
    loop.destroy(this.number);
  }

  /** As somebody to act as. */
  get client(): Impersonation {
    if (!this.#impersonation) {
      const client = () => this.#formerClient ?? this.number;
      const told = (error: unknown) => tellImpersonating(this.#connection, error);
      this.#impersonation = new Impersonation(client, this.path, this.side, () => this.#noClient(), told);
      if (this.ending.state === 'closed' && !this.#formerClient) this.#impersonation.release();
    }
    return this.#impersonation;
  }

  // What native code tells. Not methods, so that nobody else can call them.
  static {
    tellConnections<Life<unknown>>({
      framesArrived(life, slab, shared, table, from, count) {
        if (life.ending.state !== 'open') return;
        if (life.#intake) return life.#cut(life.#intake.arrived(slab, shared, table, from, count));
        life.frames.push(slab, shared, table, from, count);
        life.readers.serve();
      },
      ended(life, error) {
        life.#received(error ?? life.#intake?.end());
      },
      unsent(life, error) {
        life.ending.unsent(error);
      },
      drained(life) {
        life.sender.drained();
      },
      released(life, error) {
        life.#released(error);
      },
    });
  }

  // Nothing more comes.
  #received(error: PipeError | undefined): void {
    this.ending.failed(error);
    this.sender.askAlways();
    this.readers.end(error);
  }

  // The user's code, which cut it, may have ended this connection.
  #cut({ slab, shared, table, count, error }: Cut): void {
    if (this.ending.state !== 'open') return;
    if (count > 0) this.frames.push(slab, shared, table, 0, count);
    this.#intake!.tell(count, this.frames.empty);
    if (error) loop.stopReading(this.number);
    this.readers.serve();
    if (error) this.#received(error);
  }

  // This side ends it.
  #stop(error?: unknown): void {
    this.ending.begin();
    this.frames.clear();
    this.readers.end(error);
    this.sender.end();
  }

  #released(error: PipeError | undefined): void {
    const { number } = this;
    this.#last = describe(number);
    // A limit of time that runs out is an end that this side makes.
    const left = this.side === 'server' && !this.ending.here && error?.code !== 'ETIMEDOUT';
    if (left) this.#formerClient = loop.keepClient(number);
    this.number = 0;
    this.ending.finish(error);
    tellEnded(this.#connection, this.ending.error);
    this.#origin?.forget(number);
    if (!this.#formerClient) this.#impersonation?.release();
    this.frames.finish();
    this.readers.end(this.ending.error);
    this.sender.end();
    this.ending.settle();
  }

  #noClient(): PipeError | undefined {
    if (!this.ending.begun || this.#formerClient) return undefined;
    return this.ending.refusal('impersonate', this.ending.here ? 'this side closed the connection' : undefined);
  }

  // It has ended, and now this side closes it, too.
  #forgetClient(): void {
    this.ending.begin();
    if (this.#formerClient) loop.forgetClient(this.#formerClient);
    this.#formerClient = undefined;
    this.#impersonation?.release();
  }
}
