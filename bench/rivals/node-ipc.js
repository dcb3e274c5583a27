// node-ipc: events with JSON. A frame is an event whose data is a string of the frame's length.
import { once } from 'node:events';
import { packagesOf } from '../packages.js';
import { nameOf } from './name.js';

const { IPC } = packagesOf('rivals')('node-ipc');

function endpoint() {
  const ipc = new IPC();
  ipc.config.silent = true;
  ipc.config.stopRetrying = true;
  return ipc;
}

export async function listen(path, accept) {
  const ipc = endpoint();
  ipc.serve(nameOf(path));
  const { server } = ipc;
  server.on('connect', (socket) => accept(new Link(server, socket, (...event) => server.emit(socket, ...event))));
  const started = new Promise((resolve) => server.on('start', resolve));
  server.start();
  await started;
}

export async function open(path) {
  const ipc = endpoint();
  ipc.connectTo('server', nameOf(path));
  const client = ipc.of.server;
  await new Promise((resolve) => client.on('connect', resolve));
  return new Link(client, client.socket, (...event) => client.emit(...event));
}

class Link {
  #socket;
  #emit;
  #onFrame = () => {};

  constructor(events, socket, emit) {
    this.#socket = socket;
    this.#emit = emit;
    events.on('frame', (frame) => this.#onFrame(frame));
  }

  async pour(frame, count) {
    const text = frame.toString('latin1');
    for (let i = 0; i < count; i++) {
      this.#emit('frame', text);
      // It knows no flow control: without this, all would lie in the sender's memory.
      if (this.#socket.writableNeedDrain) await once(this.#socket, 'drain');
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

  async echo() {
    this.#onFrame = (frame) => this.#emit('frame', frame);
    await once(this.#socket, 'close');
  }

  ask(frame) {
    return new Promise((resolve) => {
      this.#onFrame = resolve;
      this.#emit('frame', frame.toString('latin1'));
    });
  }
}
