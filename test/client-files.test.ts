// as.readFile and as.writeFile: of regular files, up to a length; and whom an opened name makes known.
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import net from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { framing, type PipeConnection } from '../lib/index.ts';
import { pipePath } from '../lib/name.ts';
import { next, pair, serverFor, uniqueName } from './support/pipes.ts';
import { hasPipeSecurity, isLinux, isWindows, on } from './support/system.ts';

const MIB = 1024 * 1024;

async function acting(): Promise<PipeConnection> {
  const { client, served } = await pair({}, { impersonation: 'impersonation' });
  await client.send(Buffer.from('here I am'));
  await served.read();
  return served;
}

function folder(): string {
  const name = fs.mkdtempSync(path.join(tmpdir(), 'framepipe-files-'));
  onTestFinished(() => fs.rmSync(name, { recursive: true, force: true }));
  return name;
}

on(hasPipeSecurity, 'a file that is too long', () => {
  it('is refused by readFile, from 64 MiB on, or from maxLength', async () => {
    const served = await acting();
    const [long, short] = [path.join(folder(), 'long'), path.join(folder(), 'short')];
    fs.writeFileSync(long, '');
    fs.truncateSync(long, 64 * MIB);
    fs.writeFileSync(short, 'twelve bytes');
    await served.runAsClient(async (as) => {
      const tooLong = { code: 'ERR_FS_FILE_TOO_LARGE', message: expect.stringContaining('maxLength') };
      expect((await as.readFile(long)).length).toBe(64 * MIB);
      await expect(as.readFile(long, { maxLength: 64 * MIB - 1 })).rejects.toMatchObject(tooLong);
      fs.truncateSync(long, 64 * MIB + 1);
      await expect(as.readFile(long)).rejects.toMatchObject(tooLong);
      expect((await as.readFile(long, { maxLength: 65 * MIB })).length).toBe(64 * MIB + 1);
      expect(await as.readFile(short, { maxLength: 12, encoding: 'utf8' })).toBe('twelve bytes');
      await expect(as.readFile(short, { maxLength: 11 })).rejects.toMatchObject(tooLong);
      fs.writeFileSync(short, '');
      expect(await as.readFile(short, { maxLength: 0 })).toEqual(Buffer.alloc(0));
    });
  });

  it.each([-1, 0.5, NaN, Infinity, 2 ** 31, '5'])('maxLength %j is an EINVAL', async (maxLength) => {
    const served = await acting();
    await served.runAsClient(async (as) => {
      const read = as.readFile(import.meta.filename, { maxLength: maxLength as number });
      await expect(read).rejects.toMatchObject({ code: 'EINVAL', message: expect.stringContaining('maxLength') });
    });
  });
});

on(hasPipeSecurity, 'what is not a regular file', () => {
  it('is refused by readFile and writeFile', async () => {
    const served = await acting();
    const at = folder();
    await served.runAsClient(async (as) => {
      await expect(as.readFile(at)).rejects.toMatchObject({ code: 'EISDIR' });
      await expect(as.writeFile(at, 'x')).rejects.toMatchObject({ code: 'EISDIR' });
      const special = isWindows ? ['\\\\.\\NUL'] : ['/dev/zero', '/dev/null', '/dev/urandom'];
      for (const name of special) {
        const refused = { code: 'ENOTSUP', message: expect.stringContaining('special: true') };
        await expect(as.readFile(name), name).rejects.toMatchObject(refused);
        if (name !== '/dev/urandom') await expect(as.writeFile(name, 'x'), name).rejects.toMatchObject(refused);
      }
    });
  });

  it('is admitted by { special: true }, up to maxLength', async () => {
    const served = await acting();
    await served.runAsClient(async (as) => {
      const nothing = isWindows ? '\\\\.\\NUL' : '/dev/null';
      await as.writeFile(nothing, 'x', { special: true });
      expect(await as.readFile(nothing, { special: true })).toEqual(Buffer.alloc(0));
      await expect(as.readFile(nothing, { special: 1 as never })).rejects.toMatchObject({ code: 'EINVAL' });
      if (isWindows) return;
      // They say that they are empty.
      for (const maxLength of [0, 1000, 100_000])
        await expect(as.readFile('/dev/zero', { special: true, maxLength })).rejects.toMatchObject({
          code: 'ERR_FS_FILE_TOO_LARGE',
        });
    });
  });

  on(isLinux, 'and makes others wait', () => {
    it('keeps nobody waiting', async () => {
      const served = await acting();
      const at = folder();
      const [fifo, socket] = [path.join(at, 'fifo'), path.join(at, 'socket')];
      expect(spawnSync('mkfifo', [fifo]).status).toBe(0);
      const server = net.createServer().listen(socket);
      onTestFinished(() => void server.close());
      await served.runAsClient(async (as) => {
        await expect(as.readFile(fifo)).rejects.toMatchObject({ code: 'ENOTSUP' });
        await expect(as.readFile(socket)).rejects.toMatchObject({ code: 'ENXIO' });
        await as.stat(at);
      });
    });
  });
});

on(hasPipeSecurity && isWindows, "the server of a pipe that is opened by a client's name", () => {
  /** A pipe that somebody lies in wait at, and what he learns of who opened it. */
  async function waylaid(open: (served: PipeConnection, path: string) => Promise<number>) {
    const name = uniqueName();
    const evil = await serverFor(name, { access: 'everyone', framing: framing.raw() });
    const served = await acting();
    const descriptor = await open(served, pipePath(name));
    const victim = await next(evil);
    fs.writeSync(descriptor, 'written by the server, as itself');
    await victim.read();
    const acted = await victim.runAsClient(() => 'acted').catch((error) => error.code);
    fs.closeSync(descriptor);
    return acted;
  }

  it('cannot act as this server when it uses the descriptor', async () => {
    const opened = waylaid((served, at) => served.runAsClient((as) => as.open(at, 'r+')));
    expect(await opened).toBe('ERR_PIPE_CANNOT_IMPERSONATE');
  });

  it('can when fs.openSync opened it, as the reference says', async () => {
    const opened = waylaid((served, at) => served.runAsClient(() => fs.openSync(at, 'r+')));
    expect(await opened).toBe('acted');
  });
});
