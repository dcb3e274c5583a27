// framepipe, as its README shows it. FRAMEPIPE_BENCH_DIR names another checkout to measure in place of this one.
import { setTimeout } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';

const other = process.env.FRAMEPIPE_BENCH_DIR;
const framepipe = await import(other ? pathToFileURL(`${other}/dist/index.js`).href : 'framepipe');

const MANY = 500;
const HALF_THE_MARK = 512 * 1024;

export async function listen(path, accept) {
  const server = await framepipe.listen(path);
  server.serve((pipe) => accept(new Link(pipe)));
}

export async function open(path) {
  return new Link(await framepipe.connect(path));
}

/** A server that sends the same frames to all of its clients: as fast as the slowest one takes them. */
export async function publish(path) {
  return new Publisher(await framepipe.listen(path));
}

const BURST = 64;

class Publisher {
  #server;

  constructor(server) {
    this.#server = server;
  }

  async until(subscribers) {
    while (this.#server.connections < subscribers) await setTimeout(1);
  }

  async pour(frame, count) {
    const pipes = this.#server.clients;
    for (let i = 0; i < count; i++) {
      const { skipped } = this.#server.broadcast([frame]);
      if (skipped > 0) throw new Error('somebody was skipped');
      if (i % BURST === BURST - 1) while (pipes.some((pipe) => pipe.queued > HALF_THE_MARK)) await setTimeout(1);
    }
  }
}

class Link {
  #pipe;

  constructor(pipe) {
    this.#pipe = pipe;
  }

  async pour(frame, count, { many = false } = {}) {
    if (!many) {
      for (let i = 0; i < count; i++) await this.#pipe.send(frame);
      return;
    }
    const frames = new Array(MANY).fill(frame);
    for (; count >= MANY; count -= MANY) await this.#pipe.sendMany(frames);
    await this.#pipe.sendMany(frames.slice(0, count));
  }

  async receive(count, { by = 'for await' } = {}) {
    let bytes = 0;
    if (by === 'read') {
      for (; count > 0; count--) bytes += (await this.#pipe.read()).length;
    } else if (by === 'for await') {
      for await (const frame of this.#pipe) {
        bytes += frame.length;
        if (--count === 0) break;
      }
    } else {
      for await (const batch of this.#pipe.batches(by === 'reuse' ? { reuse: true } : {})) {
        if (by !== 'each of a batch') bytes += batch.byteLength;
        else for (let i = 0; i < batch.length; i++) bytes += batch.at(i).length;
        if ((count -= batch.length) === 0) break;
      }
    }
    return bytes;
  }

  async relay(to, { by }) {
    if (by === 'batches') for await (const batch of this.#pipe.batches()) await to.#pipe.sendMany(batch);
    else for await (const frame of this.#pipe) await to.#pipe.send(frame);
  }

  async echo() {
    for await (const frame of this.#pipe) await this.#pipe.send(frame);
  }

  async ask(frame) {
    await this.#pipe.send(frame);
    return await this.#pipe.read();
  }

  close() {
    return this.#pipe.close();
  }
}
