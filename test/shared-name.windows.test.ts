// Several processes that serve one name, under load, and one of them leaves.
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { connect, framing, type PipeConnection } from '../lib/index.ts';
import { clientFor, uniqueName, until } from './support/pipes.ts';
import { type Program, start } from './support/programs.ts';
import { hasPipeSecurity, on } from './support/system.ts';

const SERVERS = 4;
const CLIENTS = 16;
/** What a loaded machine may take; only what hangs takes it. */
const LIMIT = 60_000;
const lines = { framing: framing.lines({ as: 'utf8' }) } as const;
const child = fileURLToPath(new URL('support/shared-server-child.js', import.meta.url));

type Server = Program & { pid: number };
type Client = PipeConnection<string>;

async function startServers(name: string, count: number): Promise<Server[]> {
  const servers = Array.from({ length: count }, () => start(child, [name]));
  for (const server of servers) await until(() => server.output.includes('ready'), 'it listens', LIMIT);
  return servers.map((server) => Object.assign(server, { pid: server.process.pid! }));
}

async function ask(client: Client, question: string): Promise<void> {
  await client.send(question);
  expect(await client.read()).toBe(`${client.peer.pid} ${question}`);
}

/** Clients that connect, ask and close, again and again. */
class Load {
  /** How many each server has answered, by its process. */
  readonly answered = new Map<number, number>();
  readonly failures: { pid: number | undefined; error: unknown }[] = [];
  readonly #running: Promise<void>[];
  #over = false;

  constructor(name: string) {
    this.#running = Array.from({ length: CLIENTS }, async () => {
      for (let i = 0; !this.#over; i++) await this.#visit(name, `question ${i}`);
    });
  }

  by(server: Server): number {
    return this.answered.get(server.pid) ?? 0;
  }

  async stop(): Promise<void> {
    this.#over = true;
    await Promise.all(this.#running);
  }

  async #visit(name: string, question: string): Promise<void> {
    let pid: number | undefined;
    try {
      const client: Client = await connect(name, { ...lines, timeout: LIMIT });
      pid = client.peer.pid!;
      await ask(client, question);
      await client.close();
      this.answered.set(pid, (this.answered.get(pid) ?? 0) + 1);
    } catch (error) {
      this.failures.push({ pid, error });
    }
  }
}

/** Connections that stay, one to each of these servers at least. */
async function guests(name: string, servers: Server[]): Promise<Map<number, Client>> {
  const found = new Map<number, Client>();
  while (!servers.every(({ pid }) => found.has(pid))) {
    const client: Client = await clientFor(name, { ...lines, timeout: LIMIT });
    if (found.has(client.peer.pid!)) client.destroy();
    else found.set(client.peer.pid!, client);
  }
  return found;
}

on(hasPipeSecurity, 'of four processes that share a name under load, one leaves', () => {
  it.each(['close()', 'close({ connections: true })', 'process.exit()', 'kill'])(
    'by %s: nobody hangs, its clients alone may see an end, and the others serve all who come',
    { timeout: 4 * LIMIT },
    async (how) => {
      const name = uniqueName();
      const servers = await startServers(name, SERVERS);
      const [leaver, ...others] = servers as [Server, ...Server[]]; // the first one, who made the pipe
      const staying = await guests(name, servers);
      const load = new Load(name);
      await until(() => servers.every((server) => load.by(server) >= 10), 'all serve', LIMIT);

      if (how === 'kill') leaver.process.kill('SIGKILL');
      else leaver.process.stdin!.write(how);
      if (how === 'close()') {
        await until(() => leaver.output.includes('closed'), 'it has closed', LIMIT);
        await ask(staying.get(leaver.pid)!, 'a connection that was taken lives on');
        await staying.get(leaver.pid)!.close();
      }
      await (leaver.process.exitCode === null && leaver.process.signalCode === null && once(leaver.process, 'exit'));

      const since = others.map((server) => load.by(server));
      await until(() => others.every((server, i) => load.by(server) >= since[i]! + 10), 'the others serve', LIMIT);
      await load.stop();
      expect(load.failures.filter(({ pid }) => pid !== leaver.pid)).toEqual([]);
      // close() lets go of who comes while an instance is being closed, and of nobody else.
      expect(load.failures.length, String(load.failures[0]?.error)).toBeLessThanOrEqual(
        how === 'close()' ? 2 : CLIENTS,
      );
      for (const { pid } of others) await ask(staying.get(pid)!, 'still there');
    },
  );
});
