// A server's connections that nobody has taken yet, first come first served.
import type { PipeConnection } from './connection.ts';
import type { Numbered } from './handles.ts';
import { loop } from './loop.ts';

/** Native code lets in only so many, and reads them no further than 64 KiB until it is told that they were taken. */
export class Backlog<T> {
  readonly #server: Numbered;
  readonly #connections: { readonly number: number; readonly connection: PipeConnection<T> }[] = [];

  constructor(server: Numbered) {
    this.#server = server;
  }

  get empty(): boolean {
    return this.#connections.length === 0;
  }

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
    loop.taken(this.#server.number, number);
    return connection;
  }

  /** The connection with this id is used: whoever does that has taken it, if nobody had. */
  claim(id: number): void {
    const oldest = this.#connections[0];
    if (!oldest || id < oldest.connection.id) return; // almost always: they are in order
    const index = this.#connections.findIndex(({ connection }) => connection.id === id);
    if (index >= 0) this.#remove(index);
  }

  /** It has ended. True: it was waiting, and nobody need take it any more, for nothing has come of it. */
  ended(number: number): boolean {
    const index = this.#connections.findIndex((waiting) => waiting.number === number);
    if (index < 0) return false;
    const { bytesReceived, framesReceived } = this.#connections[index]!.connection.stats();
    if (bytesReceived + framesReceived > 0) return false; // a message may be empty
    this.#remove(index);
    return true;
  }

  /** Nobody takes any of them, which this gives. */
  clear(): PipeConnection<T>[] {
    return this.#connections.splice(0).map(({ connection }) => connection);
  }

  #remove(index: number): void {
    const { number } = this.#connections.splice(index, 1)[0]!;
    loop.taken(this.#server.number, number);
  }
}
