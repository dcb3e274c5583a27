// Two local users of Windows, whom the workflow makes (.github/workflows/windows.yml). Wine lets everybody log on as anybody.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import type { PipeConnection } from '../lib/index.ts';
import { attemptOf, isElevated, localUsers, servedBy } from './support/asked.ts';
import { next, serverFor, uniqueName } from './support/pipes.ts';
import { isRealWindows, on } from './support/system.ts';

const [a = '', b = ''] = localUsers;
const nameOf = (user: string) => user.slice(0, user.indexOf(':'));

/** A connection that a user has made to this process, while `use` runs. */
async function clientOf(user: string, use: (client: PipeConnection) => Promise<void>): Promise<void> {
  const server = await serverFor(uniqueName(), { access: 'authenticated' });
  const attempt = attemptOf(user, server.path, { impersonation: 'impersonation' });
  const client = await next(server);
  await client.read();
  await use(client);
  await client.send(Buffer.from('welcome'));
  expect(await attempt).toBe('welcome');
}

it('another process of this user is let in, and trusted', async () => {
  const name = await servedBy('self');
  expect(await attemptOf('self', name, { serverOwner: 'self' })).toBe('welcome');
});

// Where they are missing, what needs them is not declared: here, and in elevation.windows.test.ts.
on(isRealWindows && process.env.GITHUB_WORKFLOW === 'windows', 'in the workflow that makes them', () => {
  it('there are two local users, and this process is elevated', () => {
    expect(localUsers.map(nameOf)).toEqual([expect.stringMatching(/./), expect.stringMatching(/./)]);
    expect(isElevated).toBe(true);
  });
});

on(localUsers.length > 0, 'another user of this machine', () => {
  it("is refused by access: 'owner' of this one, and of a third one", async () => {
    const mine = await serverFor(uniqueName());
    expect(await attemptOf(a, mine.path)).toBe('EACCES');
    expect(await attemptOf(a, await servedBy(b))).toBe('EACCES');
    expect(await attemptOf(a, await servedBy(a))).toBe('welcome');
  });

  it('is let in by { user }, and nobody else is', async () => {
    const name = await servedBy(a, { allow: [{ user: nameOf(b) }] });
    expect(await attemptOf(b, name)).toBe('welcome');
    await expect(serverFor(name)).rejects.toMatchObject({ code: 'EADDRINUSE' });
  });

  it.each([
    ['self', 'ERR_PIPE_UNTRUSTED_SERVER'],
    ['administrators', 'ERR_PIPE_UNTRUSTED_SERVER'],
    [{ user: nameOf(a) }, 'welcome'],
    [{ user: nameOf(b) }, 'ERR_PIPE_UNTRUSTED_SERVER'],
  ])('as the server: serverOwner %j comes to %s', async (serverOwner, expected) => {
    expect(await attemptOf(b, await servedBy(a, 'everyone'), { serverOwner })).toBe(expected);
  });

  it('is known, and acted as: with files that it may read, and others that it may not', async () => {
    const folder = mkdtempSync(path.join(tmpdir(), 'framepipe-users-'));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    execFileSync('icacls', [folder, '/grant', '*S-1-5-32-545:(RX)']);
    const files = [a, b].map((user) => {
      const file = path.join(folder, nameOf(user));
      writeFileSync(file, nameOf(user));
      execFileSync('icacls', [file, '/inheritance:r', '/grant', `${nameOf(user)}:R`, '/grant', '*S-1-5-32-544:F']);
      return file;
    });
    for (const [i, user] of [a, b].entries())
      await clientOf(user, async (client) => {
        expect(await client.peerUser()).toMatchObject({ name: nameOf(user), elevated: false });
        const [own, other] = i === 0 ? files : files.toReversed();
        await client.runAsClient(async (as) => {
          expect(await as.readFile(own!, 'utf8')).toBe(nameOf(user));
          await expect(as.readFile(other!)).rejects.toMatchObject({ code: expect.stringMatching(/^(EPERM|EACCES)$/) });
        });
        await client.runAsClient(() => {
          expect(readFileSync(own!, 'utf8')).toBe(nameOf(user));
          expect(() => readFileSync(other!)).toThrow(/EPERM|EACCES/);
        });
      });
  });
});
