// node hanging-child.js MODE FIFO : an operation reads FIFO, which nobody writes to before this is over; ends beside it. As
// root, as the user 12345. MODE: terminate, a Worker; otherwise this process, in one of several ways.
// Here, no JavaScript but the Worker's imports framepipe: with the Worker, Node lets go of the addon.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import { setTimeout } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';

const [mode, fifo] = isMainThread ? process.argv.slice(2) : workerData;
const user = process.getuid() === 0 ? 12345 : process.getuid();

const until = async (condition) => {
  while (!condition()) await setTimeout(5);
};
const readers = () =>
  fs.readdirSync('/proc/self/fd').filter((each) => {
    try {
      return fs.readlinkSync(`/proc/self/fd/${each}`) === fifo;
    } catch {
      return false; // it was closed
    }
  }).length;
/** Threads of this process that are that user. */
const acting = () =>
  fs.readdirSync('/proc/self/task').filter((thread) => {
    try {
      return fs
        .readFileSync(`/proc/self/task/${thread}/status`, 'utf8')
        .includes(`\nUid:\t${process.getuid()}\t${user}\t`);
    } catch {
      return false; // it has ended
    }
  }).length;

/** Begins to read it, and gives the promise of what that comes to. */
async function begin(options) {
  const { listen } = await import('framepipe');
  const name = `framepipe-hanging-${process.pid}-${Math.random().toString(36).slice(2)}`;
  const server = await listen(name, { access: 'everyone' });
  const ids = process.getuid() === 0 ? [JSON.stringify({ uid: user, gid: user, groups: [] })] : [];
  const client = fileURLToPath(new URL('client-child.js', import.meta.url));
  spawn(process.execPath, [client, name, ...ids], { stdio: ['ignore', 'ignore', 'inherit'] }).unref();
  for await (const connection of server) {
    await connection.read();
    const read = connection.runAsClient((as) => as.readFile(fifo, { special: true, ...options }));
    read.catch(() => {}); // it may have ended when it is given
    await until(() => readers() > 0);
    for (const handle of [connection, server]) handle.unref();
    return read;
  }
}

const modes = {
  async terminate() {
    const worker = new Worker(new URL(import.meta.url), { workerData: ['work', fifo] });
    await once(worker, 'message');
    await worker.terminate();
    const others = process.getuid() === 0;
    if (readers() !== 1 || (others && acting() !== 1)) throw new Error('the thread did not stay what it was');
    console.log('terminated'); // now somebody writes to it
    await until(() => readers() === 0 && (!others || acting() === 0));
  },
  async work() {
    await Promise.all([begin(), until(() => readers() > 0).then(() => parentPort.postMessage('begun'))]);
  },
  async exit() {
    begin();
    await until(() => readers() > 0);
    process.exit(7);
  },
  async throw() {
    begin();
    await until(() => readers() > 0);
    throw new Error('meant to be');
  },
  async abort() {
    const controller = new AbortController();
    const read = begin({ signal: controller.signal });
    await until(() => readers() > 0);
    controller.abort('enough');
    await read.then(
      () => process.exit(3),
      (reason) => reason === 'enough' || process.exit(4),
    );
  },
};

await modes[mode]();
