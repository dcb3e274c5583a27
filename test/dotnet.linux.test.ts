// A current .NET as the other side, in both roles, with PipeOptions.CurrentUserOnly: what 'owner' and 'self' mean is the same.
// (mono, the other side of mono.linux.test.ts, does not know that option.)
import { once } from 'node:events';
import { chmodSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, it } from 'vitest';
import { packagesOf } from '../bench/packages.js';
import { connect, framing } from '../lib/index.ts';
import { must, needPackages } from './run/command.js';
import { clientFor, next, serverFor, uniqueName, until } from './support/pipes.ts';
import { type Program, root, run, start } from './support/programs.ts';
import { isRoot, on } from './support/system.ts';

const lines = { framing: framing.lines({ as: 'utf8' }) } as const;
const folder = path.join(root, 'node_modules/.cache/framepipe/dotnet/');
const child = (name: string) => fileURLToPath(new URL(`support/${name}`, import.meta.url));
const OTHER = 54_321;

// Of a program that carries its runtime along, untrimmed, .NET runs another one when it is told to.
let carrier: string;

beforeAll(async () => {
  needPackages('mono-mcs', 'libmono-system-core4.0-cil');
  carrier = packagesOf('dotnet').resolve('@microsoft/sarif-multitool-linux/package.json');
  carrier = path.join(path.dirname(carrier), 'Sarif.Multitool');
  chmodSync(carrier, 0o755);
  await must('mcs', ['-langversion:7', '-r:System.Core', `-out:${folder}Peer.exe`, 'test/support/dotnet/Peer.cs']);
  await must('mcs', [
    '-langversion:7',
    '-target:library',
    `-out:${folder}Hook.dll`,
    'test/support/dotnet/StartupHook.cs',
  ]);
}, 300_000);

function dotnet(args: string[], uid?: number): Program {
  const env = {
    ...process.env,
    DOTNET_STARTUP_HOOKS: `${folder}Hook.dll`,
    DOTNET_SYSTEM_GLOBALIZATION_INVARIANT: '1',
    FRAMEPIPE_PROGRAM: `${folder}Peer.exe`,
    ...(uid === undefined ? {} : { FRAMEPIPE_UID: `${uid}` }),
  };
  return run(carrier, args, { env });
}

async function serving(name: string, uid?: number): Promise<Program> {
  const server = dotnet(['server', name, '1'], uid);
  await until(() => server.output.includes('serving'), 'it serves');
  return server;
}

it('is .NET 8', async () => {
  const program = dotnet(['version']);
  await program.ended;
  expect(program.output).toMatch(/^8\.\d+\.\d+\n$/);
});

describe('a .NET server with CurrentUserOnly', () => {
  it("is trusted by serverOwner: 'self', and serves", async () => {
    const name = uniqueName();
    const server = await serving(name);
    const client = await clientFor(name, { ...lines, serverOwner: 'self' });
    await client.send('Grüße');
    expect(await client.read()).toBe('Grüße');
    await client.close();
    expect(await server.ended, server.output).toBe(0);
    expect(server.output).toBe('serving\nleft\n');
  });

  on(isRoot, 'of another user', () => {
    it("is refused by serverOwner: 'self', and refuses", async () => {
      const name = uniqueName();
      const server = await serving(name, OTHER);
      await expect(connect(name, { serverOwner: 'self' })).rejects.toMatchObject({
        code: 'ERR_PIPE_UNTRUSTED_SERVER',
      });
      expect(await server.ended, server.output).toBe(0);
      expect(server.output).toBe('serving\nrefused\n');
    });

    it('lets in nobody else', async () => {
      const name = uniqueName();
      await serving(name);
      const attempt = start(child('attempt-child.js'), [`${OTHER}`, name]);
      await attempt.ended;
      expect(JSON.parse(attempt.output)).toMatchObject({ code: 'EACCES' });
      expect(String(await (await askedBy(name)).read())).toBe('still there');
    });
  });

  async function askedBy(name: string) {
    const client = await clientFor(name, lines);
    await client.send('still there');
    return client;
  }
});

describe('a .NET client with CurrentUserOnly', () => {
  it("is let in by access: 'owner', and trusts it", async () => {
    const name = uniqueName();
    const server = await serverFor(name, { ...lines, access: 'owner' });
    const client = dotnet(['client', name, 'Grüße']);
    const connection = await next(server);
    const line = await connection.read();
    await connection.send(`${line}, too`);
    expect(await client.ended, client.output).toBe(0);
    expect(client.output).toBe('Grüße, too\n');
  });

  on(isRoot, 'and another user', () => {
    it("as the client is refused by access: 'owner'", async () => {
      const name = uniqueName();
      const server = await serverFor(name, { access: 'owner' });
      const client = dotnet(['client', name, 'let me in'], OTHER);
      await client.ended;
      expect(client.output).toMatch(/^refused$|UnauthorizedAccess|Permission denied/m);
      expect(server.stats().accepted).toBe(0);
    });

    it('as the server is refused, whatever its `access` is', async () => {
      const name = uniqueName();
      const server = start(child('serving-child.js'), [`${OTHER}`, name]);
      await once(server.process.stdout!, 'data');
      const client = dotnet(['client', name, 'a secret']);
      await client.ended;
      expect(client.output).toBe('refused\n');
      server.process.stdin!.end();
      await server.ended;
      expect(server.output).toBe('serving\nheard ""\n');
    });
  });
});
