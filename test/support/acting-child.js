// node acting-child.js MODE: ends in some way while it acts as a client of its own.

import { once } from 'node:events';
import fs from 'node:fs';
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';
import { connect, listen } from 'framepipe';

const mode = isMainThread ? process.argv[2] : workerData;

async function acting() {
  const name = `framepipe-acting-${process.pid}-${Math.random().toString(36).slice(2)}`;
  const server = await listen(name);
  const client = await connect(name, { impersonation: 'impersonation' });
  await client.send(Buffer.from('here I am'));
  for await (const served of server) {
    await served.read();
    return { server, client, served };
  }
}

const modes = {
  /** Nothing but the operation keeps the process alive. */
  async alive() {
    const { server, client, served } = await acting();
    const entries = served.runAsClient((as) => as.readdir('.'));
    for (const handle of [server, client, served]) handle.unref();
    console.log((await entries).length > 0 ? 'done' : 'nothing');
  },
  /** Nothing does: the process ends although the function's promise never settles. */
  async idle() {
    const { server, client, served } = await acting();
    for (const handle of [server, client, served]) handle.unref();
    console.log('done');
    await served.runAsClient(async (_as) => new Promise(() => {}));
  },
  async exit() {
    const { served } = await acting();
    await served.runAsClient((as) => {
      as.readdir('.');
      console.log('done');
      process.exit(7);
    });
  },
  async throw() {
    const { served } = await acting();
    await served.runAsClient(() => {
      setImmediate(() => console.log('done'));
      process.nextTick(() => {
        throw new Error('meant to be');
      });
    });
  },
  /** A Worker ends before it learns of what was opened: who closes it? */
  async descriptors() {
    await this.opened('descriptors');
  },
  /** A Worker ends while it learns of things, and before it learns of what was opened. */
  async delivered() {
    await this.opened('delivered');
  },
  async opened(mode) {
    if (isMainThread) {
      const open = () => fs.readdirSync('/proc/self/fd').length;
      const end = async () => {
        const worker = new Worker(new URL(import.meta.url), { workerData: mode });
        const exit = once(worker, 'exit');
        const [opened] = await once(worker, 'message');
        await exit;
        return opened;
      };
      await end();
      const before = open();
      for (let i = 0; i < 5; i++) if ((await end()) < 50) throw new Error('the files were not opened');
      console.log(open() <= before ? 'done' : `${open() - before} descriptors are left`);
    } else {
      const { served } = await acting();
      await served.runAsClient((as) => {
        const before = fs.readdirSync('/proc/self/fd').length;
        // More than one delivery has room for: the end comes between two of them.
        if (mode === 'delivered') for (let i = 0; i < 1100; i++) as.stat('.').then(() => process.exit());
        for (let i = 0; i < 50; i++) as.open(process.execPath);
        const enough = () => fs.readdirSync('/proc/self/fd').length - before;
        while (enough() < 50); // opened on the other thread meanwhile
        parentPort.postMessage(enough());
        if (mode === 'descriptors') process.exit();
      });
    }
  },
};

await modes[mode]();
