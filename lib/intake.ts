// What a connection of framing.custom() receives: bytes from native code, which are cut into frames here.
import { FRAMES_HEAD } from './constants.ts';
import type { PipeError } from './errors.ts';
import { type Framing, splitterOf } from './framing/framing.ts';
import { Slab } from './framing/slab.ts';
import type { Splitter } from './framing/splitter.ts';
import type { Numbered } from './handles.ts';
import { loop } from './loop.ts';
import type { Channel } from './options.ts';

/** Frames as FrameQueue.push() takes them. */
export interface Cut {
  readonly slab: Slab;
  readonly shared: boolean;
  readonly table: Uint32Array;
  readonly count: number;
  /** Nothing more comes after these. */
  readonly error: PipeError | undefined;
}

export class Intake {
  readonly #connection: Numbered;
  readonly #splitter: Splitter;
  /**
   * What native code still counts against the mark: bytes of frames that nobody has taken, and of the incomplete one. When
   * there is no frame to take, all of it is given back: the incomplete one may be longer than the mark.
   */
  #owed = 0;

  constructor(connection: Numbered, splitter: Splitter) {
    this.#connection = connection;
    this.#splitter = splitter;
  }

  /** Cuts what has come: arguments as framesArrived() has them. Calls the user's code, which may end the connection. */
  arrived(slab: Slab, shared: boolean, table: Uint32Array, from: number, count: number): Cut {
    this.#owed += table[from + 1]!;
    const begin = table[from + FRAMES_HEAD]!;
    const bytes = slab.view(begin, table[from + FRAMES_HEAD + 2 * count - 1]!);
    const { memory, bounds, error } = this.#splitter.push(bytes);
    const cut = new Uint32Array(FRAMES_HEAD + bounds.length);
    cut.fill((bounds.at(-1) ?? 0) - (bounds[0] ?? 0), 0, FRAMES_HEAD);
    cut.set(bounds, FRAMES_HEAD);
    return { slab: new Slab(memory), shared: shared && memory === bytes, table: cut, count: bounds.length / 2, error };
  }

  /** Tells native code what has become of the bytes. `empty`: nothing is there to be read. */
  tell(frames: number, empty: boolean): void {
    loop.framed(this.#connection.number, frames, this.#splitter.incomplete);
    this.consumed(0, empty);
  }

  /** So many bytes of frames were taken. */
  consumed(bytes: number, empty: boolean): void {
    const cost = empty ? this.#owed : Math.min(bytes, this.#owed);
    this.#owed -= cost;
    if (cost > 0) loop.consumed(this.#connection.number, cost);
  }

  /** The stream has ended: why that is no good, if it was within a frame. */
  end(): PipeError | undefined {
    return this.#splitter.end();
  }
}

/** `undefined`, where native code finds the frames. */
export function intakeFor<T>(connection: Numbered, { framing, path }: Channel<T>): Intake | undefined {
  const splitter = splitterOf(framing as Framing<unknown>, path);
  return splitter && new Intake(connection, splitter);
}
