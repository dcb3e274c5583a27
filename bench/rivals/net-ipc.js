// net-ipc: messages, and requests with their responses, in JSON. A frame is a string of its length.
import { once } from 'node:events';
import { packagesOf } from '../packages.js';
import { nameOf } from './name.js';

const { Client, Server } = packagesOf('rivals')('net-ipc');

export async function listen(path, accept) {
  const server = new Server({ path: nameOf(path) });
  server.on('connect', () => accept(new Link(server)));
  await server.start();
}

export async function open(path) {
  const client = new Client({ path: nameOf(path), reconnect: false });
  await client.connect();
  return new Link(client);
}

class Link {
  #events;

  constructor(events) {
    this.#events = events;
  }

  // One after the other: of several that wait for the socket to drain, it forgets every second one.
  async pour(frame, count) {
    const text = frame.toString('latin1');
    for (let i = 0; i < count; i++) await this.#events.send(text);
  }

  receive(count) {
    return new Promise((resolve) => {
      let bytes = 0;
      const receive = (frame) => {
        bytes += frame.length;
        if (--count > 0) return;
        this.#events.off('message', receive);
        resolve(bytes);
      };
      this.#events.on('message', receive);
    });
  }

  async echo() {
    this.#events.on('request', (frame, respond) => respond(frame));
    await once(this.#events, 'disconnect');
  }

  ask(frame) {
    return this.#events.request(frame.toString('latin1'));
  }
}
