// node:net as people write it: one write for each frame, and a decoder that concatenates and slices.
import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import { Transform } from 'node:stream';
import { setTimeout } from 'node:timers/promises';

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

/** A server that sends the same frames to all of its clients: each is put together once, and written to every socket. */
export async function publish(path) {
  const sockets = [];
  const server = createServer((socket) => sockets.push(socket));
  server.listen(path);
  await once(server, 'listening');
  return {
    async until(subscribers) {
      while (sockets.length < subscribers) await setTimeout(1);
    },
    async pour(frame, count) {
      for (let i = 0; i < count; i++) {
        const packet = packetOf(frame);
        const full = sockets.filter((socket) => !socket.write(packet));
        if (full.length > 0) await Promise.all(full.map((socket) => once(socket, 'drain')));
      }
    },
  };
}

function packetOf(frame) {
  const packet = Buffer.allocUnsafe(4 + frame.length);
  packet.writeUInt32LE(frame.length, 0);
  frame.copy(packet, 4);
  return packet;
}

class Link {
  #socket;
  #buffer = Buffer.alloc(0);
  #onFrame = () => {};

  constructor(socket) {
    this.#socket = socket;
    socket.on('data', (chunk) => this.#decode(chunk));
  }

  #decode(chunk) {
    this.#buffer = Buffer.concat([this.#buffer, chunk]);
    while (this.#buffer.length >= 4) {
      const end = 4 + this.#buffer.readUInt32LE(0);
      if (this.#buffer.length < end) break;
      const frame = this.#buffer.subarray(4, end);
      this.#buffer = this.#buffer.subarray(end);
      this.#onFrame(frame);
    }
  }

  #write(frame) {
    return this.#socket.write(packetOf(frame));
  }

  async pour(frame, count) {
    for (let i = 0; i < count; i++) {
      if (!this.#write(frame)) await once(this.#socket, 'drain');
    }
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

  relay(to) {
    this.#socket.removeAllListeners('data');
    this.#socket.pipe(new FrameDecoder()).pipe(new FrameEncoder()).pipe(to.#socket);
  }

  async echo() {
    this.#onFrame = (frame) => this.#write(frame);
    await once(this.#socket, 'close');
  }

  ask(frame) {
    return new Promise((resolve) => {
      this.#onFrame = resolve;
      this.#write(frame);
    });
  }

  async close() {
    this.#socket.end();
    await once(this.#socket, 'close');
  }
}

class FrameDecoder extends Transform {
  #buffer = Buffer.alloc(0);

  constructor() {
    super({ readableObjectMode: true });
  }

  _transform(chunk, _, done) {
    this.#buffer = Buffer.concat([this.#buffer, chunk]);
    while (this.#buffer.length >= 4) {
      const end = 4 + this.#buffer.readUInt32LE(0);
      if (this.#buffer.length < end) break;
      this.push(this.#buffer.subarray(4, end));
      this.#buffer = this.#buffer.subarray(end);
    }
    done();
  }
}

class FrameEncoder extends Transform {
  constructor() {
    super({ writableObjectMode: true });
  }

  _transform(frame, _, done) {
    done(null, packetOf(frame));
  }
}
