// When what is sent leaves, and what counts when this process was busy.
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
import { describe, expect, it } from 'vitest';
import { framing } from '../lib/index.ts';
import { start } from './support/clients.ts';
import { next, pair, readAll, serverFor, uniqueName } from './support/pipes.ts';

const text = { framing: framing.lines({ as: 'utf8' }) };
const farewell = fileURLToPath(new URL('support/farewell-child.js', import.meta.url));
const library = new URL('../dist/index.js', import.meta.url).href;

function block(ms: number): void {
  const until = performance.now() + ms;
  while (performance.now() < until);
}

describe('what is sent while the process exits', () => {
  it.each(['exit', 'sendMany', 'delivery', 'throw', 'naturally'])('leaves: %s', async (how) => {
    const name = uniqueName();
    const server = await serverFor(name, text);
    start(process.execPath, [farewell, name, how], 'ignore');
    const client = await next(server);
    if (how === 'delivery') await client.send('go');
    expect(await readAll(client)).toEqual(Array.from({ length: 5 }, (_, i) => `bye ${i}`));
  });
});

describe('a reply', () => {
  it('leaves before the work that follows it in the same turn', async () => {
    const name = uniqueName();
    const server = await serverFor(name, text);
    const shared = new Int32Array(new SharedArrayBuffer(4));
    // The asker is on a thread of its own, and says when it has its reply.
    const asker = new Worker(
      `const { workerData: { library, name, shared } } = require('node:worker_threads');
       import(library).then(async ({ connect, framing }) => {
         const pipe = await connect(name, { framing: framing.lines({ as: 'utf8' }) });
         await pipe.send('question');
         await pipe.read();
         Atomics.store(shared, 0, 1);
         Atomics.notify(shared, 0);
         await pipe.close();
       });`,
      { eval: true, workerData: { library, name, shared } },
    );
    const client = await next(server);
    let answered: string | undefined;
    for await (const _question of client) {
      client.send('answer');
      answered = Atomics.wait(shared, 0, 0, 10_000); // as work would: nothing of this thread's goes on
    }
    expect(answered).not.toBe('timed-out');
    await asker.terminate();
  });

  it('leaves though process.nextTick was replaced, as by fake timers', async () => {
    const { client, served } = await pair(text);
    const { nextTick } = process;
    process.nextTick = () => {};
    try {
      for (let i = 0; i < 5; i++) {
        await new Promise((resolve) => setImmediate(resolve));
        client.send(`${i}`);
        expect(await served.read()).toBe(`${i}`);
      }
    } finally {
      process.nextTick = nextTick;
    }
  });
});

describe('close({ timeout })', () => {
  it.each([0, 30])('of %d ms does not fail for what had happened while this process was busy', async (timeout) => {
    for (let i = 0; i < 5; i++) {
      const { client, served } = await pair(text);
      const read = readAll(served);
      await client.send('last words');
      await client.waitForDrain();
      const closing = client.close({ timeout });
      block(timeout + 20);
      await closing;
      expect(await read).toEqual(['last words']);
    }
  });
});
