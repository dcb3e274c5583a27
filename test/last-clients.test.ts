// Clients who had connected when their server was closed, and whom nobody had taken yet.
import { createServer, get } from 'node:http';
import { text } from 'node:stream/consumers';
import { describe, expect, it } from 'vitest';
import { PipeAgent, serveHttp } from '../lib/http/index.ts';
import { connect, framing, type PipeConnection, type PipeServer } from '../lib/index.ts';
import { serverFor, uniqueName } from './support/pipes.ts';

const lines = { framing: framing.lines({ as: 'utf8' }) } as const;
const CLIENTS = 10;

/** They connect and ask in this very turn: nobody can have taken them. */
function ask(server: PipeServer<string>): Promise<string | null>[] {
  return Array.from({ length: CLIENTS }, async (_, i) => {
    const client = await connect(server.path, lines);
    await client.send(`question ${i}`).catch(() => {});
    const answer = await client.read().catch(() => null);
    client.destroy();
    return answer;
  });
}

async function answer(client: PipeConnection<string>): Promise<void> {
  for await (const question of client) await client.send(`answer to ${question}`);
}

const ANSWERS = Array.from({ length: CLIENTS }, (_, i) => `answer to question ${i}`);
const NOTHING = Array.from({ length: CLIENTS }, () => null);
/** All can be at it at once, so that none has to wait. */
const options = { ...lines, pendingInstances: CLIENTS, backlog: CLIENTS };

describe('clients who had connected when close() was called', () => {
  it('are served by handlers, and then the server is closed', async () => {
    const server = await serverFor(uniqueName(), options);
    const serving = server.serve(answer);
    const asked = ask(server);
    await server.close();
    expect(await Promise.all(asked)).toEqual(ANSWERS);
    await serving;
    expect(server.stats()).toMatchObject({ accepted: CLIENTS, waiting: 0 });
  });

  it('are served, too, when the first of them has the server closed', async () => {
    const server = await serverFor(uniqueName(), options);
    let closed: Promise<void> | undefined;
    const serving = server.serve((client) => {
      closed ??= server.close();
      return answer(client);
    });
    expect(await Promise.all(ask(server))).toEqual(ANSWERS);
    await Promise.all([closed, serving]);
  });

  it('come out of an iteration that waits for them, which ends behind them', async () => {
    const server = await serverFor(uniqueName(), options);
    const all = (async () => {
      const answering: Promise<void>[] = [];
      for await (const client of server) answering.push(answer(client));
      await Promise.all(answering);
      return answering.length;
    })();
    const asked = ask(server);
    await server.close();
    expect(await Promise.all(asked)).toEqual(ANSWERS);
    expect(await all).toBe(CLIENTS);
  });

  it('are disconnected when nobody iterates, and where an iteration does not come back for them', async () => {
    for (const iterated of [false, true]) {
      const server = await serverFor(uniqueName(), options);
      const first = iterated ? server[Symbol.asyncIterator]().next() : undefined;
      const asked = ask(server);
      await server.close();
      if (first) await (await first).value!.close();
      expect(await Promise.all(asked)).toEqual(NOTHING);
    }
  });

  it('are disconnected by close({ connections: true }), also when close() was called before', async () => {
    for (const twice of [false, true]) {
      const server = await serverFor(uniqueName(), options);
      const handled: unknown[] = [];
      const serving = server.serve((client) => handled.push(client));
      const asked = ask(server);
      if (twice) void server.close();
      await server.close({ connections: true });
      expect(await Promise.all(asked)).toEqual(NOTHING);
      await serving;
      expect(handled).toEqual([]);
    }
  });

  it('have their HTTP request answered', async () => {
    const name = uniqueName();
    const http = createServer((request, response) => void response.end(`answer to ${request.url}`));
    const served = await serveHttp(http, name, { pendingInstances: CLIENTS });
    const agent = new PipeAgent(name);
    const asked = Array.from(
      { length: CLIENTS },
      (_, i) =>
        new Promise<string>((resolve, reject) => {
          get({ agent, path: `/${i}` }, (response) => resolve(text(response))).once('error', reject);
        }),
    );
    await served.close();
    expect(await Promise.all(asked)).toEqual(Array.from({ length: CLIENTS }, (_, i) => `answer to /${i}`));
    agent.destroy();
  });
});
