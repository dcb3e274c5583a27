// Functions of Node's that are somebody's fakes when a client is acted as for the first time.
import fs from 'node:fs';
import { expect, it } from 'vitest';
import { clientAs } from './support/clients.ts';
import { pair, serverFor, uniqueName } from './support/pipes.ts';
import { hasPipeSecurity, isRoot, on } from './support/system.ts';

const here = import.meta.filename;
const { readFile, existsSync } = fs;
const { exit } = process;
const whoExits: number[] = [];
Object.assign(fs, { readFile: () => {}, existsSync: () => true });
process.exit = (() => whoExits.push(process.geteuid?.() ?? -1)) as never;

on(hasPipeSecurity, 'runAsClient', () => {
  it('reaches the genuine ones, too, once they are back', async () => {
    const { client, served } = await pair({}, { impersonation: 'impersonation' });
    await client.send(Buffer.from('here I am'));
    await served.read();
    const reads = () => served.runAsClient(() => fs.readFile(here, () => {}));
    await expect(reads()).rejects.toMatchObject({ code: 'ERR_PIPE_ASYNC_WITHOUT_CLIENT' });
    Object.assign(fs, { readFile, existsSync });
    await expect(reads()).rejects.toMatchObject({ code: 'ERR_PIPE_ASYNC_WITHOUT_CLIENT' });
    expect(await served.runAsClient(() => fs.existsSync(`${here}.not`))).toBe(false);
  });
});

on(isRoot, 'as another user', () => {
  it('exit() is the process and no client, and existsSync() answers for the client', async () => {
    const name = uniqueName();
    const server = await serverFor(name, { access: 'everyone' });
    const client = await clientAs(server, name, { uid: 12345, gid: 12345, groups: [] });
    const closed = fs.mkdtempSync('/tmp/framepipe-closed-');
    fs.writeFileSync(`${closed}/file`, '');
    try {
      const seen = await client.runAsClient(() => {
        process.exit();
        return [process.geteuid!(), fs.existsSync(`${closed}/file`)];
      });
      expect(seen).toEqual([12345, false]);
      expect(whoExits).toEqual([0]);
    } finally {
      process.exit = exit;
      fs.rmSync(closed, { recursive: true });
    }
  });
});
