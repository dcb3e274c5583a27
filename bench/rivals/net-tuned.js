// node:net by somebody who measured: frames leave in batches of 64 KiB filled by hand, large ones as they are; the decoder
// works in place, makes no object for a small frame, and copies each byte of a large one at most once.
import { once } from 'node:events';
import { connect, createServer } from 'node:net';

const BATCH = 64 * 1024;

export async function listen(path, accept) {
  const server = createServer((socket) => accept(new Link(socket)));
  server.listen(path);
  await once(server, 'listening');
}

export async function open(path) {
  const socket = connect(path);
  await once(socket, 'connect');
  return new Link(socket);
}

function lengthAt(bytes, at) {
  return (bytes[at] | (bytes[at + 1] << 8) | (bytes[at + 2] << 16) | (bytes[at + 3] << 24)) >>> 0;
}

function putLength(bytes, at, length) {
  bytes[at] = length;
  bytes[at + 1] = length >>> 8;
  bytes[at + 2] = length >>> 16;
  bytes[at + 3] = length >>> 24;
}

// Calls onFrame(bytes, begin, end) for each frame.
class Decoder {
  onFrame = () => {};
  #header = Buffer.alloc(4);
  #headerFilled = 0;
  #frame; // the one that is incomplete
  #filled = 0;

  push(chunk) {
    let at = 0;
    while (at < chunk.length) {
      if (this.#frame) {
        const part = Math.min(this.#frame.length - this.#filled, chunk.length - at);
        this.#fill(chunk, at, part);
        at += part;
      } else if (this.#headerFilled > 0 || chunk.length - at < 4) {
        this.#header[this.#headerFilled++] = chunk[at++];
        if (this.#headerFilled === 4) this.#begin(lengthAt(this.#header, 0));
      } else {
        const begin = at + 4;
        const end = begin + lengthAt(chunk, at);
        if (end > chunk.length) {
          this.#begin(end - begin);
          at = begin;
        } else {
          this.onFrame(chunk, begin, end);
          at = end;
        }
      }
    }
  }

  #begin(length) {
    this.#headerFilled = 0;
    this.#frame = Buffer.allocUnsafe(length);
    this.#filled = 0;
  }

  #fill(chunk, at, part) {
    chunk.copy(this.#frame, this.#filled, at, at + part);
    this.#filled += part;
    if (this.#filled < this.#frame.length) return;
    const frame = this.#frame;
    this.#frame = undefined;
    this.onFrame(frame, 0, frame.length);
  }
}

class Link {
  #socket;
  #decoder = new Decoder();

  constructor(socket) {
    this.#socket = socket;
    socket.on('data', (chunk) => this.#decoder.push(chunk));
  }

  async pour(frame, count) {
    if (frame.length + 4 > BATCH / 2) return this.#pourLarge(frame, count);
    while (count > 0) {
      const batch = Buffer.allocUnsafeSlow(BATCH);
      let filled = 0;
      for (; count > 0 && filled + 4 + frame.length <= BATCH; count--) {
        putLength(batch, filled, frame.length);
        batch.set(frame, filled + 4);
        filled += 4 + frame.length;
      }
      if (!this.#socket.write(batch.subarray(0, filled))) await once(this.#socket, 'drain');
    }
  }

  async #pourLarge(frame, count) {
    for (let i = 0; i < count; i++) {
      if (!this.#write(frame)) await once(this.#socket, 'drain');
    }
  }

  // One system call for both, and no copy of the frame.
  #write(frame) {
    const header = Buffer.allocUnsafe(4);
    putLength(header, 0, frame.length);
    this.#socket.cork();
    this.#socket.write(header);
    const more = this.#socket.write(frame);
    this.#socket.uncork();
    return more;
  }

  #writeSmall(bytes, begin, end) {
    const packet = Buffer.allocUnsafe(4 + end - begin);
    putLength(packet, 0, end - begin);
    bytes.copy(packet, 4, begin, end);
    this.#socket.write(packet);
  }

  receive(count, { frames = false } = {}) {
    return new Promise((resolve) => {
      let bytes = 0;
      this.#decoder.onFrame = (chunk, begin, end) => {
        bytes += frames ? chunk.subarray(begin, end).length : end - begin;
        if (--count === 0) resolve(bytes);
      };
    });
  }

  async echo() {
    this.#decoder.onFrame = (bytes, begin, end) => this.#writeSmall(bytes, begin, end);
    await once(this.#socket, 'close');
  }

  ask(frame) {
    return new Promise((resolve) => {
      this.#decoder.onFrame = (bytes, begin, end) => resolve(bytes.subarray(begin, end));
      this.#writeSmall(frame, 0, frame.length);
    });
  }

  async close() {
    this.#socket.end();
    await once(this.#socket, 'close');
  }
}
