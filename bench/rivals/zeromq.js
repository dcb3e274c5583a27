// zeromq: a pair of sockets over ipc://, which it has on Unix only.
import { packagesOf } from '../packages.js';

const { Pair } = packagesOf('rivals')('zeromq');

export async function listen(path, accept) {
  const socket = new Pair({ sendTimeout: -1 });
  await socket.bind(`ipc://${path}`);
  accept(new Link(socket));
}

export async function open(path) {
  const socket = new Pair({ linger: 0 });
  socket.connect(`ipc://${path}`);
  return new Link(socket);
}

class Link {
  #socket;

  constructor(socket) {
    this.#socket = socket;
  }

  async pour(frame, count) {
    for (let i = 0; i < count; i++) await this.#socket.send(frame);
  }

  async receive(count) {
    let bytes = 0;
    for await (const [frame] of this.#socket) {
      bytes += frame.length;
      if (--count === 0) break;
    }
    return bytes;
  }

  async echo() {
    for await (const message of this.#socket) await this.#socket.send(message);
  }

  async ask(frame) {
    await this.#socket.send(frame);
    const [reply] = await this.#socket.receive();
    return reply;
  }
}
