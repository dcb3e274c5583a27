// Operations of `as` that never end, on Windows: a pipe whose server says nothing. Windows can cancel them.
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { framing } from '../lib/index.ts';
import { pipePath } from '../lib/name.ts';
import { clientAs, start } from './support/clients.ts';
import { next, pair, serverFor, uniqueName } from './support/pipes.ts';
import { hasPipeSecurity, isWindows, isWine, on } from './support/system.ts';

// To make a token for nobody takes a right that administrators of a real Windows do not have.
const MADE_UP = 'S-1-5-21-7-7-7-1001';

async function acting() {
  const { client, served } = await pair({}, { impersonation: 'impersonation' });
  await client.send(Buffer.from('here I am'));
  await served.read();
  return served;
}

/** The path of a pipe that keeps whoever reads it waiting, and how to wait for those who do. */
async function endless() {
  const name = uniqueName();
  const server = await serverFor(name, { framing: framing.raw(), access: 'everyone' });
  return { path: pipePath(name), opened: () => next(server) };
}

on(hasPipeSecurity && isWindows, 'an operation that does not end', () => {
  it('is cancelled when its signal aborts, as often as you like', async () => {
    const served = await acting();
    const { path, opened } = await endless();
    await served.runAsClient(async (as) => {
      for (let i = 0; i < 10; i++) {
        const abort = new AbortController();
        const hanging = as.readFile(path, { special: true, signal: abort.signal });
        const other = await opened();
        abort.abort(i);
        await expect(hanging).rejects.toBe(i);
        await as.stat('.');
        await other.closed; // what was opened is closed again
      }
    });
  });

  on(isWine, 'delays', () => {
    it("its own user's, and nobody else's", async () => {
      const name = uniqueName();
      const server = await serverFor(name, { access: 'everyone' });
      const [alice, bob] = [await clientAs(server, name), await clientAs(server, name, MADE_UP)];
      const { path, opened } = await endless();
      const order: string[] = [];
      const hanging = alice.runAsClient(async (as) => {
        const read = as.readFile(path, { special: true, encoding: 'utf8' });
        const second = as.stat('.').then(() => order.push('second'));
        order.push(await read);
        await second;
      });
      const other = await opened();
      for (let i = 0; i < 20; i++) await bob.runAsClient((as) => as.stat('.'));
      expect(order).toEqual([]);
      await other.send(Buffer.from('first'));
      await other.close();
      await hanging;
      expect(order).toEqual(['first', 'second']);
    });
  });

  const child = fileURLToPath(new URL('support/hanging-pipe-child.js', import.meta.url));
  it.each([
    ['process.exit()', 'exit', 7],
    ['terminate() of a Worker', 'terminate', 0],
  ])('keeps nothing from ending: %s', async (_, mode, expected) => {
    const { path, opened } = await endless();
    const running = start(process.execPath, [child, mode, path]);
    const closed = once(running, 'close');
    await opened();
    const [code] = await closed;
    expect(code).toBe(expected);
  });
});
