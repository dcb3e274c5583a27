// What a function of runAsClient must not have done for it: asynchronous work, which is the server's.

// What a function of runAsClient must not have done for it: asynchronous work, which is the server's.
import fs, * as namespace from 'node:fs';
import fsp, { readFile as namedReadFile } from 'node:fs/promises';
import { syncBuiltinESMExports } from 'node:module';
import { promisify } from 'node:util';
import { beforeEach, expect, it } from 'vitest';
import type { AsClient, PipeConnection } from '../lib/index.ts';
import { pair } from './support/pipes.ts';
import { hasPipeSecurity, isLinux, on } from './support/system.ts';

const here = import.meta.filename;
const WITHOUT_CLIENT = { name: 'PipeError', code: 'ERR_PIPE_ASYNC_WITHOUT_CLIENT' };
/** Where Node still has that name. */
const oldReadStream = () => (fs as never as { FileReadStream?: typeof fs.ReadStream }).FileReadStream ?? fs.ReadStream;
/** An async function as TypeScript compiles it for ES2015. */
const compiled = (body: () => Generator<unknown, unknown>) =>
  new Promise((resolve, reject) => {
    const iterator = body();
    const step = (value?: unknown): unknown => {
      const next = iterator.next(value);
      return next.done ? resolve(next.value) : Promise.resolve(next.value).then(step, reject);
    };
    step();
  });

on(hasPipeSecurity, 'runAsClient', () => {
  let served: PipeConnection;
  beforeEach(async () => {
    const both = await pair({}, { impersonation: 'impersonation' });
    await both.client.send(Buffer.from('here I am'));
    await both.served.read();
    served = both.served;
  });

  const inner = async () => fs.promises.readFile(here);
  const variants: Record<string, (as: AsClient) => unknown> = {
    'fs.promises': () => fs.promises.readFile(here),
    'node:fs/promises': () => fsp.readFile(here),
    'a named import': () => namedReadFile(here),
    'a namespace': () => namespace.promises.readFile(here),
    'an async function that takes the client': async (_as) => fs.promises.readFile(here),
    'an async function that is called': () => inner(),
    'a compiled async function': () =>
      compiled(function* () {
        yield null;
        return fs.readFileSync(here);
      }),
    'a bound async function': (async (_as: unknown) => fs.promises.readFile(here)).bind(null),
    'a callback': () => new Promise((resolve) => fs.readFile(here, (_error, bytes) => resolve(bytes))),
    promisify: () => promisify(fs.readFile)(here),
    'promisify of exists': () => promisify(fs.exists)(here),
    'realpath.native': () => new Promise((resolve) => fs.realpath.native(here, (_error, path) => resolve(path))),
    'a stream': () => fs.createReadStream(here).toArray(),
    'a stream made with new': () => new fs.ReadStream(here as never).toArray(),
    'a stream by its old name': () => new (oldReadStream())(here as never),
    'a stream to write': () => fs.createWriteStream(here, { flags: 'r+' }).destroy(),
    'a descriptor': () => new Promise((resolve) => fs.open(here, (_error, descriptor) => resolve(descriptor))),
    'a folder': () => fs.promises.opendir('.'),
    'a promise that is settled': () => Promise.resolve('of the server'),
    'a rejected promise': () => Promise.reject(new Error('of the server')),
    'a thenable, when it is looked at again': () => {
      let looks = 0;
      return {
        // biome-ignore lint/suspicious/noThenProperty: a thenable is what is tested
        get then() {
          return ++looks > 1 ? (resolve: (value: string) => void) => resolve('of the server') : undefined;
        },
      };
    },
    // biome-ignore lint/suspicious/noThenProperty: a thenable is what is tested
    'a thenable': () => ({ then: (resolve: (value: string) => void) => resolve('of the server') }),
  };

  it.each(Object.keys(variants))('never hands out what the server does: %s', async (name) => {
    await expect(served.runAsClient(variants[name]!)).rejects.toMatchObject(WITHOUT_CLIENT);
  });

  it('fails, though its function has caught the refusal', async () => {
    const caught = served.runAsClient(() => {
      try {
        fs.readFile(here, () => {});
      } catch {
        return 'nothing was wrong';
      }
    });
    await expect(caught).rejects.toMatchObject({ ...WITHOUT_CLIENT, message: expect.stringContaining('fs.readFile') });
  });

  it('names the failure of what was not the client as the cause', async () => {
    const cause = new Error('mine');
    await expect(served.runAsClient(async (_as) => Promise.reject(cause))).rejects.toMatchObject({ cause });
  });

  it('lets synchronous functions be, and everything again afterwards', async () => {
    expect(await served.runAsClient(() => fs.readFileSync(here).length)).toBe(fs.statSync(here).size);
    expect(await served.runAsClient(async (as) => (await as.stat(here)).size)).toBe(fs.statSync(here).size);
    expect((await fsp.readFile(here)).length).toBe(fs.statSync(here).size);
    expect((await namedReadFile(here)).length).toBe(fs.statSync(here).size);
    await expect(served.runAsClient(() => fsp.readFile(here))).rejects.toMatchObject(WITHOUT_CLIENT);
    expect((await fsp.readFile(here)).length).toBe(fs.statSync(here).size);
    expect((await fs.createReadStream(here).toArray()).length).toBeGreaterThan(0);
    expect(new fs.ReadStream(here as never).destroy()).toBeInstanceOf(fs.ReadStream);
  });

  it('leaves the functions of node:fs what they are', async () => {
    await served.runAsClient(() => {});
    expect(fs.readFile.name).toBe('readFile');
    expect(fs.readFile).toHaveLength(3);
    expect(fs.realpath.native).toBeTypeOf('function');
    const descriptor = fs.openSync(here, 'r');
    expect(await promisify(fs.read)(descriptor, Buffer.alloc(4), 0, 4, 0)).toMatchObject({ bytesRead: 4 });
    fs.closeSync(descriptor);
    expect(await promisify(fs.exists)(here)).toBe(true);
    expect(namespace.readFile).toBe(fs.readFile);
  });

  it('does not undo what others have put into node:fs', async () => {
    await served.runAsClient(() => {});
    const { readFile, existsSync } = fs;
    const own = (() => 'patched') as never;
    Object.assign(fs, { readFile: own, existsSync: own });
    syncBuiltinESMExports();
    try {
      expect(await served.runAsClient(() => fs.existsSync(here))).toBe('patched');
      expect(fs.readFile).toBe(own);
      expect(fs.existsSync).toBe(own);
    } finally {
      Object.assign(fs, { readFile, existsSync });
      syncBuiltinESMExports();
    }
    await expect(served.runAsClient(() => fs.readFile(here, () => {}))).rejects.toMatchObject(WITHOUT_CLIENT);
  });

  on(isLinux, 'and unhandled rejections', () => {
    it('makes none of what it refuses', async () => {
      const unhandled: unknown[] = [];
      const note = (reason: unknown) => unhandled.push(reason);
      process.on('unhandledRejection', note);
      try {
        for (const act of [
          () => fsp.readFile('/does/not/exist'),
          () => Promise.reject(new Error('mine')),
          () => {
            try {
              fs.stat(here, () => {});
            } catch {}
            return Promise.reject(new Error('mine'));
          },
        ])
          await expect(served.runAsClient(act)).rejects.toMatchObject(WITHOUT_CLIENT);
        await new Promise((resolve) => setTimeout(resolve, 20));
      } finally {
        process.off('unhandledRejection', note);
      }
      expect(unhandled).toEqual([]);
    });
  });
});
