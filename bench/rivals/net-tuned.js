// node:net by somebody who measured: frames leave in batches of 64 KiB filled by hand, large ones as they are; the decoder
// works in place, makes no object for a small frame, and copies each byte of a large one at most once.
import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import { pour, putLength } from './batches.js';

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

  pour(frame, count) {
    return pour(this.#socket, frame, count);
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
