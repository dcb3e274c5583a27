// node:net with half of the work done: frames leave in batches of 64 KiB filled by hand, as net-tuned's do, and arrive in
// the decoder that is found everywhere: it concatenates what is left over with what comes, and slices a Buffer for each
// frame. One way only.
import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import { pour } from './batches.js';

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

class Link {
  #socket;
  #left = Buffer.alloc(0);
  #onFrame = () => {};

  constructor(socket) {
    this.#socket = socket;
    socket.on('data', (chunk) => this.#decode(chunk));
  }

  #decode(chunk) {
    const bytes = this.#left.length > 0 ? Buffer.concat([this.#left, chunk]) : chunk;
    let at = 0;
    while (bytes.length - at >= 4) {
      const end = at + 4 + bytes.readUInt32LE(at);
      if (end > bytes.length) break;
      this.#onFrame(bytes.subarray(at + 4, end));
      at = end;
    }
    this.#left = bytes.subarray(at);
  }

  pour(frame, count) {
    return pour(this.#socket, frame, count);
  }

  receive(count) {
    return new Promise((resolve) => {
      let bytes = 0;
      this.#onFrame = (frame) => {
        bytes += frame.length;
        if (--count === 0) resolve(bytes);
      };
    });
  }
}
