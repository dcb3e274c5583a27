// node:fs as Yarn's Plug'n'Play leaves it, before a client is acted as for the first time.
import fs from 'node:fs';
import { expect, it } from 'vitest';
import { pair } from './support/pipes.ts';
import { hasPipeSecurity, on } from './support/system.ts';

const here = import.meta.filename;
const { realpath } = fs;
const patched = (...args: Parameters<typeof realpath>) => realpath(...args);
// There realpath.native is realpath itself.
fs.realpath = Object.assign(patched, { native: patched }) as never;

on(hasPipeSecurity, 'runAsClient', () => {
  it('works, and refuses what is asynchronous there, too', async () => {
    const { client, served } = await pair({}, { impersonation: 'impersonation' });
    await client.send(Buffer.from('here I am'));
    await served.read();
    expect(await served.runAsClient(() => fs.readFileSync(here, 'utf8'))).toContain('Plug');
    for (const name of ['fs.realpath', 'fs.realpath.native']) {
      const call = () => (name === 'fs.realpath' ? fs.realpath : fs.realpath.native)(here, () => {});
      await expect(served.runAsClient(call)).rejects.toMatchObject({ code: 'ERR_PIPE_ASYNC_WITHOUT_CLIENT' });
    }
    expect(fs.realpath.native).toBe(fs.realpath);
  });
});
