// node lifecycle-child.js STATE ENDING: brings a process into a state and ends it in a way.
// Whatever the two are, the process must end by itself, with the code that the ending asks for, and without a signal.
import { Worker } from 'node:worker_threads';
import { connect, framing, listen } from 'framepipe';

const [state, ending] = process.argv.slice(2);
const name = `framepipe-lifecycle-${process.pid}-${Math.random().toString(36).slice(2)}`;

/** Both ends of a pipe. */
async function pair(options) {
  const server = await listen(name, options);
  const client = await connect(name, { ...options, impersonation: 'impersonation' });
  for await (const served of server) return { server, client, served };
}

const states = {
  async loaded() {
    return [];
  },
  async listening() {
    return [await listen(name)];
  },
  async accepting() {
    const server = await listen(name);
    server[Symbol.asyncIterator]().next();
    return [server];
  },
  async connected() {
    const { server, client, served } = await pair();
    return [server, client, served];
  },
  async readPending() {
    const { server, client, served } = await pair();
    client.read().catch(() => {});
    served.read().catch(() => {});
    return [server, client, served];
  },
  async writePending() {
    const { server, client, served } = await pair({ highWaterMark: 4096 });
    client.send(Buffer.alloc(4 << 20)).catch(() => {});
    served.waitForDrain().catch(() => {});
    client.waitForDrain().catch(() => {});
    return [server, client, served];
  },
  async closing() {
    const { server, client, served } = await pair({ highWaterMark: 4096 });
    client.send(Buffer.alloc(4 << 20)).catch(() => {});
    client.close({ timeout: 200 }).catch(() => {});
    server.close();
    return [served];
  },
  async unlistened() {
    const { server, client, served } = await pair();
    await server.close();
    return [client, served];
  },
  async waitingForServer() {
    connect(name, { waitForServer: true, timeout: 300 }).catch(() => {});
    return [];
  },
  async clientActing() {
    const { server, client, served } = await pair();
    client.send(Buffer.from('x'));
    await served.read();
    served.runAsClient(async (as) => as.readdir('.')).catch(() => {});
    return [server, client, served];
  },
  async busy() {
    const { server, client, served } = await pair({ framing: framing.lengthPrefix() });
    const pump = async (from) => {
      for (;;) await from.send(Buffer.alloc(1000));
    };
    const drain = async (to) => {
      for await (const _ of to.batches());
    };
    for (const promise of [pump(client), pump(served), drain(client), drain(served)]) promise.catch(() => {});
    await new Promise((resolve) => setTimeout(resolve, 50));
    return [server, client, served];
  },
};

const endings = {
  /** The handles no longer keep the process alive: it ends by itself. */
  async unref(handles) {
    for (const handle of handles) handle.unref();
    if (state === 'busy') for (const handle of handles.slice(1)) handle.destroy();
  },
  async close(handles) {
    for (const handle of handles.reverse()) {
      await (handle.destroy
        ? handle.close({ timeout: 100 }).catch(() => {})
        : handle.close({ connections: true, timeout: 100 }).catch(() => {}));
    }
  },
  async exit() {
    process.exit(0);
  },
  async throw() {
    setImmediate(() => {
      throw new Error('meant to be');
    });
  },
};

if (ending === 'terminate') {
  const { once } = await import('node:events');
  const worker = new Worker(new URL(import.meta.url), { argv: [state, 'signal'] });
  worker.on('error', (error) => {
    console.error(error);
    process.exit(3);
  });
  await once(worker, 'message');
  await worker.terminate();
} else {
  const handles = await states[state]();
  if (ending === 'signal') {
    const { parentPort } = await import('node:worker_threads');
    parentPort.postMessage('ready');
    setInterval(() => {}, 1000);
  } else {
    await endings[ending](handles);
  }
}
