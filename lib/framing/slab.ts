// Memory that frames lie in.

/**
 * The class that `subarray()` makes Buffers of. Called here, a view costs a third: subarray() finds out at each call what
 * a slab knows already.
 */
const View = (
  Buffer as unknown as Record<symbol, new (memory: ArrayBufferLike, offset: number, length: number) => Buffer>
)[Symbol.species]!;

/** Bytes from native code, with frames in them. */
export class Slab {
  readonly bytes: Buffer;
  readonly memory: ArrayBufferLike;
  readonly #offset: number;

  constructor(bytes: Buffer) {
    this.bytes = bytes;
    this.memory = bytes.buffer;
    this.#offset = bytes.byteOffset;
  }

  /** The bytes from `begin` to before `end`, not copied. */
  view(begin: number, end: number): Buffer {
    return new View(this.memory, this.#offset + begin, end - begin);
  }

  /** The text in them. */
  text(encoding: BufferEncoding, begin: number, end: number): string {
    return this.bytes.toString(encoding, begin, end);
  }
}
