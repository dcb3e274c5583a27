// Those who watch all pipes: diagnostics channels, NODE_DEBUG, util.inspect.
import { channel, subscribe, unsubscribe } from 'node:diagnostics_channel';
import path from 'node:path';
import { inspect } from 'node:util';
import { describe, expect, it, onTestFinished } from 'vitest';
import { connect, framing, type PipeConnection, type PipeServer } from '../lib/index.ts';
import { clientFor, next, pair, serverFor, uniqueName, until } from './support/pipes.ts';
import { root, run } from './support/programs.ts';

interface Told {
  server?: PipeServer;
  connection?: PipeConnection;
  error?: unknown;
}

/** What a channel tells from now on. */
function watched(name: string): Told[] {
  const told: Told[] = [];
  const hear = (message: unknown) => void told.push(message as Told);
  subscribe(name, hear);
  onTestFinished(() => void unsubscribe(name, hear));
  return told;
}

describe('diagnostics channels', () => {
  it('tell of servers, and of connections from their beginning to their end', async () => {
    const [listened, connections, ends] = ['listen', 'connection', 'end'].map((name) => watched(`framepipe:${name}`));
    const { server, client, served } = await pair();
    expect(listened).toEqual([{ server }]);
    await until(() => connections!.length === 2, 'both ends are told');
    expect(connections!.find(({ connection }) => connection === client)).toEqual({
      connection: client,
      server: undefined,
    });
    expect(connections!.find(({ connection }) => connection === served)!.server).toBe(server);
    expect(ends).toEqual([]);
    const mine = new Error('mine');
    client.destroy(mine);
    await client.closed.catch(() => {});
    await served.closed;
    await until(() => ends!.length === 2, 'both ends have ended');
    expect(ends!.find(({ connection }) => connection === client)!.error).toBe(mine);
    expect(ends!.find(({ connection }) => connection === served)!.error).toBeUndefined();
    await server.close();
    await expect(connect(server.path)).rejects.toThrow();
    expect(listened).toHaveLength(1);
  });

  it('tell of a connection before it is served', async () => {
    const order: string[] = [];
    const hear = () => void order.push('told');
    const server = await serverFor(uniqueName());
    server.serve(() => void order.push('served'));
    subscribe('framepipe:connection', hear);
    onTestFinished(() => void unsubscribe('framepipe:connection', hear));
    const client = await clientFor(server.path);
    await client.closed;
    expect(order.filter((what, i) => what !== order[i - 1])).toEqual(['told', 'served']);
  });

  it('tell who is acted as before it is, and when that may not be', async () => {
    const acts = watched('framepipe:impersonate');
    const { client, served } = await pair({}, { impersonation: 'impersonation' });
    let before: Told[] = [];
    await served.runAsClient(() => {
      before = [...acts];
    });
    expect(before).toEqual([{ connection: served, error: undefined }]);
    const failure = await client.runAsClient(() => {}).catch((error: unknown) => error);
    await until(() => acts.length === 2, 'the failure is told');
    expect(acts[1]).toEqual({ connection: client, error: failure });
    await served.peerUser();
    expect(acts).toHaveLength(2);
  });

  it('let a subscriber use the connection, in whatever state it is told of it', async () => {
    const other = await pair({ framing: framing.lines({ as: 'utf8' }) });
    const report = (message: unknown) => {
      const { connection, error } = message as Told;
      void other.client.send(`${connection!.state} ${connection!.stats().framesReceived} ${error}`);
    };
    subscribe('framepipe:end', report);
    onTestFinished(() => void unsubscribe('framepipe:end', report));
    const { client, served } = await pair();
    served.destroy();
    await client.closed;
    expect(await other.served.read()).toBe('closed 0 undefined');
  });

  it('are looked for, and nothing is told, where nobody watches', async () => {
    for (const name of ['listen', 'connection', 'end', 'impersonate'])
      expect(channel(`framepipe:${name}`).hasSubscribers).toBe(false);
  });
});

describe('NODE_DEBUG=framepipe', () => {
  /** Of a process in which a connection begins and ends. */
  async function said(args: string[]): Promise<{ lines: string[]; own: string }> {
    const child = run(process.execPath, [path.join(root, 'test/support/watched-child.js'), ...args], {
      env: { ...process.env, NODE_DEBUG: 'framepipe' },
    });
    expect(await child.ended, child.output).toBe(0);
    const lines = child.output.split(/\r?\n/).filter((line) => line.startsWith('FRAMEPIPE '));
    return { lines: lines.map((line) => line.replace(/^FRAMEPIPE \d+: /, '')), own: `{"pid":${child.process.pid}` };
  }

  it('prints the same', async () => {
    const name = uniqueName();
    const { lines, own } = await said([name]);
    expect(lines[0]).toMatch(new RegExp(`^listen .*${name}$`));
    expect(lines.filter((line) => line.includes(` to `) && line.includes(own))).toHaveLength(1);
    expect(lines.filter((line) => line.includes(` served at `) && line.includes(own))).toHaveLength(1);
    expect(lines.filter((line) => / runAsClient acts$/.test(line))).toHaveLength(1);
    expect(lines.filter((line) => / ended, 100 bytes received, 0 sent$/.test(line))).toHaveLength(1);
    expect(lines.filter((line) => / ended, 0 bytes received, 100 sent$/.test(line))).toHaveLength(1);
  });

  it('prints one line of an error that has several', async () => {
    const { lines } = await said([uniqueName(), 'fails']);
    expect(
      lines.filter((line) => / ended, 0 bytes received, 100 sent: a message of two lines$/.test(line)),
    ).toHaveLength(1);
  });
});

describe('util.inspect', () => {
  it('shows how a connection stands', async () => {
    const { client, served } = await pair();
    await client.send(Buffer.alloc(96));
    await until(() => served.available === 100, 'it arrives');
    expect(inspect(served)).toMatch(/^PipeConnection \{\s+id: \d+,\s+path: '.*',\s+state: 'open',\s+peer: \{/);
    expect(inspect(served)).toMatch(
      new RegExp(`pid: ${process.pid}\\b.*\\},\\s+available: 100,\\s+queued: 0\\s+\\}$`, 's'),
    );
    expect(inspect({ client }, { depth: 0 })).toBe('{ client: [PipeConnection] }');
    expect(inspect({ client })).toContain('client: PipeConnection {');
    for (const like of [Object.create(client), Object.create(Object.getPrototypeOf(client))])
      expect(inspect(like)).toBe('[PipeConnection]'); // as a test runner's mock is, and a reactive store's proxy
    client.destroy(new Error('mine'));
    await client.closed.catch(() => {});
    expect(inspect(client)).toMatch(/state: 'closed'.*error: Error: mine/s);
  });

  it('shows how a server stands', async () => {
    const server = await serverFor(uniqueName());
    await clientFor(server.path);
    await until(() => server.stats().waiting === 1, 'the client waits');
    const shown = () => inspect(server, { breakLength: Infinity });
    const [path] = [inspect(server.path)];
    expect(shown()).toBe(`PipeServer { path: ${path}, state: 'open', accepted: 1, open: 1, waiting: 1 }`);
    await next(server);
    const closing = server.close();
    expect(shown()).toContain("state: 'closing'");
    await closing;
    expect(shown()).toContain("state: 'closed'");
  });
});
