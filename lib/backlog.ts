// A server's connections that nobody has taken yet, first come first served.
import type { PipeConnection } from './connection.ts';
import { loop } from './loop.ts';

/** Native code reads them no further than 64 KiB until it is told that they were taken. */
export class Backlog<T> {
  #connections: { readonly number: number; readonly connection: PipeConnection<T> }[] = [];

  get size(): number {
    return this.#connections.length;
  }

  /** `number`: native code's. */
  add(number: number, connection: PipeConnection<T>): void {
    this.#connections.push({ number, connection });
  }

  /** The oldest one; call only when there is one. */
  take(): PipeConnection<T> {
    const { number, connection } = this.#connections.shift()!;
    loop.taken(number);
    return connection;
  }

  /** Nobody takes any of them. */
  destroy(): void {
    for (const { connection } of this.#connections.splice(0)) connection.destroy();
  }
}
