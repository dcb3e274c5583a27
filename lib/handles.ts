// What the numbers of native code stand for on this side: see native/core/handle_table.h.
import { SLOT_BITS } from './constants.ts';

/** The slot in a number, also in one beyond 2^32. */
const SLOT = 2 ** SLOT_BITS - 1;

/**
 * Who has a native number, held once for all that call native code by it. It is dropped in the step that
 * tells of the end, so that nothing later can reach native code by a number that was given back.
 */
export interface Numbered {
  /** 0, which names nothing, after the release. */
  readonly number: number;
}

/** The number of a server. */
export class Handle implements Numbered {
  number: number;

  constructor(number: number) {
    this.number = number;
  }

  release(): void {
    this.number = 0;
  }
}

/**
 * Objects by their native number. Not a Map: that one leaves its old table behind, with all that was in it, each time it
 * grows or shrinks, and links it to the next one. Once one of them is in V8's old space, a collection of the young
 * space keeps whatever came and went since then: every connection.
 */
export class HandleTable<T> {
  readonly #ids: number[] = [];
  readonly #objects: (T | undefined)[] = [];
  #size = 0;

  get size(): number {
    return this.#size;
  }

  /** The number must be new. */
  add(id: number, object: T): void {
    const slot = id & SLOT;
    while (this.#ids.length <= slot) {
      this.#ids.push(0);
      this.#objects.push(undefined);
    }
    this.#ids[slot] = id;
    this.#objects[slot] = object;
    this.#size++;
  }

  get(id: number): T | undefined {
    const slot = id & SLOT;
    return this.#ids[slot] === id ? this.#objects[slot] : undefined;
  }

  /** Gives what was there, if anything. */
  remove(id: number): T | undefined {
    const object = this.get(id);
    if (object === undefined) return undefined;
    this.#ids[id & SLOT] = 0;
    this.#objects[id & SLOT] = undefined;
    this.#size--;
    return object;
  }

  /** All of them, at this moment. */
  values(): T[] {
    return this.#objects.filter((object) => object !== undefined);
  }
}
