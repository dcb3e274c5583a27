// Whose pipe it is: nobody slips in before us, beside us or in our place.
import { expect, it } from 'vitest';
import { connect, listen } from '../lib/index.ts';
import { pipePath } from '../lib/name.ts';
import { clientFor, next, serverFor, uniqueName } from './support/pipes.ts';
import { hasPipeSecurity, on } from './support/system.ts';
import { descriptorOf, errorOf, ForeignServer, me, ourOwner, win } from './support/witness.ts';

/** Of another user, who lets everybody do anything: the pipe of somebody who lies in wait. */
const THEIRS = 'O:S-1-5-21-1-2-3-4444D:(A;;GA;;;WD)';
const TAKEN = { name: 'PipeError', code: 'EADDRINUSE', syscall: 'listen' };

on(hasPipeSecurity, 'listen', () => {
  it('refuses a name that another program of this user serves', async () => {
    const path = pipePath(uniqueName());
    new ForeignServer(path);
    await expect(listen(path)).rejects.toMatchObject({
      ...TAKEN,
      winerror: win.ERROR_ACCESS_DENIED,
      message: expect.stringContaining(`listen EADDRINUSE ${path}: somebody serves this name already, or`),
    });
  });

  it('refuses a name that another user serves, however open his pipe is', async () => {
    const path = pipePath(uniqueName());
    new ForeignServer(path, { sddl: THEIRS });
    await expect(listen(path)).rejects.toMatchObject(TAKEN);
    await expect(listen(path, { exclusive: false })).rejects.toMatchObject(TAKEN);
  });

  it('leaves nothing of its own on a name that was taken', async () => {
    const path = pipePath(uniqueName());
    const theirs = new ForeignServer(path, { sddl: THEIRS });
    await listen(path, { exclusive: false }).catch(() => {});
    const client = await clientFor(path);
    await client.send(Buffer.from('to them'));
    expect(await theirs.read()).toEqual(Buffer.from('\x07\0\0\0to them')); // no instance of ours took the client
    theirs.close();
    await serverFor(path); // the name is free
  });

  it('is the first instance: a second server is refused in this process, too', async () => {
    const server = await serverFor(uniqueName());
    await expect(listen(server.path)).rejects.toMatchObject(TAKEN);
    const first = win.FILE_FLAG_FIRST_PIPE_INSTANCE + win.PIPE_ACCESS_DUPLEX;
    expect(errorOf(() => new ForeignServer(server.path, { openMode: first }))).toBe(win.ERROR_ACCESS_DENIED);
  });

  it('holds the name while a connection is open, though all instances are taken', async () => {
    const server = await serverFor(uniqueName(), { maxInstances: 1 });
    const client = await clientFor(server.path);
    await next(server);
    await expect(listen(server.path)).rejects.toMatchObject(TAKEN);
    await client.close();
  });
});

on(hasPipeSecurity, 'exclusive: false', () => {
  it("shares the name among servers of one user, and keeps the first one's descriptor", async () => {
    const name = uniqueName();
    const first = await serverFor(name, { exclusive: false, pendingInstances: 1 });
    const second = await serverFor(name, { exclusive: false, pendingInstances: 1, access: 'everyone' });
    const served = Promise.all([next(first), next(second)]);
    const clients = [await clientFor(name), await clientFor(name)];
    for (const client of clients) await client.send(Buffer.from('hello'));
    for (const connection of await served) expect(String(await connection.read())).toBe('hello');
    expect(descriptorOf(first.path).entries!.map(({ sid }) => sid)).toEqual([ourOwner]);
  });

  it('goes on when the one who was first ends', async () => {
    const name = uniqueName();
    const first = await listen(name, { exclusive: false });
    const second = await serverFor(name, { exclusive: false });
    await first.close();
    const client = await clientFor(name);
    await client.send(Buffer.from('hello'));
    expect(String(await (await next(second)).read())).toBe('hello');
  });

  it('is refused by a server that is exclusive', async () => {
    const server = await serverFor(uniqueName(), { exclusive: false });
    await expect(listen(server.path)).rejects.toMatchObject(TAKEN);
  });
});

on(hasPipeSecurity, "serverOwner: 'self'", () => {
  it("refuses another user's pipe, and tells it nothing", async () => {
    const path = pipePath(uniqueName());
    const theirs = new ForeignServer(path, { sddl: THEIRS });
    await expect(connect(path, { serverOwner: 'self' })).rejects.toMatchObject({
      name: 'PipeError',
      code: 'ERR_PIPE_UNTRUSTED_SERVER',
      syscall: 'connect',
      path,
      message: expect.stringContaining('another user serves this pipe'),
    });
    expect(await theirs.read()).toBe(win.ERROR_BROKEN_PIPE); // not one byte came
  });

  it("takes another user's pipe with 'any', the default", async () => {
    const path = pipePath(uniqueName());
    const theirs = new ForeignServer(path, { sddl: THEIRS });
    const client = await clientFor(path);
    await client.send(Buffer.from('x'));
    expect(await theirs.read()).toEqual(Buffer.from('\x01\0\0\0x'));
  });

  it('takes the pipe of this user, whoever may connect to it', async () => {
    const server = await serverFor(uniqueName(), { access: 'everyone' });
    const client = await clientFor(server.path, { serverOwner: 'self' });
    await client.send(Buffer.from('trusted'));
    expect(String(await (await next(server)).read())).toBe('trusted');
  });
});

on(hasPipeSecurity && ourOwner !== me, "'owner' and 'self', where our things do not belong to our user", () => {
  it('mean whom they belong to', async () => {
    const server = await serverFor(uniqueName());
    const client = await clientFor(server.path, { serverOwner: 'self' });
    await client.send(Buffer.from('mine'));
    expect(String(await (await next(server)).read())).toBe('mine');
    expect(descriptorOf(server.path)).toMatchObject({ owner: ourOwner, entries: [{ sid: ourOwner }] });
    const path = pipePath(uniqueName());
    new ForeignServer(path, { sddl: `O:${me}D:(A;;GA;;;WD)` });
    const attempt = connect(path, { serverOwner: 'self' });
    await expect(attempt).rejects.toMatchObject({ code: 'ERR_PIPE_UNTRUSTED_SERVER' });
  });
});

on(hasPipeSecurity, "serverOwner: 'self', in an administrator's process", () => {
  it('takes pipes of administrators', async () => {
    const path = pipePath(uniqueName());
    new ForeignServer(path, { sddl: 'O:BAD:(A;;GA;;;WD)' });
    (await connect(path, { serverOwner: 'self' })).destroy();
  });
});
