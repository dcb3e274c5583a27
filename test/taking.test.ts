// Connections that are used from `server.clients`, and need not come by iteration.
import { describe, expect, it } from 'vitest';
import {
  type ConnectOptions,
  framing,
  type ListenOptions,
  type PipeConnection,
  type PipeServer,
} from '../lib/index.ts';
import { clientFor, next, pattern, serverFor, uniqueName, until } from './support/pipes.ts';

/** More than is read of a connection that nobody has taken. */
const FRAMES = 20;
const frame = (i: number) => pattern(10_000, i);
const raw = { framing: framing.raw() } as const;

/** A server with a client that has sent more than that, and the server's end, as `clients` has it. */
async function untaken(
  options: ListenOptions = {},
  of: ConnectOptions = {},
): Promise<{ server: PipeServer; first: PipeConnection }> {
  const server = await serverFor(uniqueName(), options);
  const client = await clientFor(server.path, { ...of, impersonation: 'impersonation' });
  for (let i = 0; i < FRAMES; i++) client.send(frame(i)).catch(() => {});
  await until(() => server.stats().waiting === 1, 'it is let in');
  return { server, first: server.clients[0]! };
}

async function hasAll(chunks: AsyncIterable<Buffer>): Promise<void> {
  let received = 0;
  for await (const { length } of chunks) {
    received += length;
    if (received === FRAMES * 10_000) return;
  }
}

describe('a connection of server.clients', () => {
  it.each<[string, (connection: PipeConnection) => Promise<unknown>]>([
    ['for await', (connection) => hasAll(connection)],
    [
      'read',
      async (connection) => {
        for (let i = 0; i < FRAMES; i++) expect((await connection.read())!.equals(frame(i))).toBe(true);
      },
    ],
    [
      'batches',
      async (connection) => {
        let count = 0;
        for await (const { length } of connection.batches()) if ((count += length) === FRAMES) return;
      },
    ],
  ])('is taken by %s: it is read further, and handed to nobody else', async (_how, use) => {
    const { server, first } = await untaken();
    const used = use(first);
    expect(server.stats()).toMatchObject({ accepted: 1, open: 1, waiting: 0 });
    await used;
    const other = await clientFor(server.path);
    expect(await next(server)).toBe(server.clients[1]);
    await other.close();
  });

  it('is taken by toDuplex', async () => {
    const { server, first } = await untaken(raw, raw);
    const stream = first.toDuplex();
    expect(server.stats().waiting).toBe(0);
    await hasAll(stream);
  });

  it('is taken by runAsClient', async () => {
    const { server, first } = await untaken();
    expect(await first.runAsClient(() => 'done')).toBe('done');
    expect(server.stats().waiting).toBe(0);
    await hasAll(first);
  });

  it('makes room in the backlog when it is taken', async () => {
    const { server, first } = await untaken({ backlog: 1 });
    const second = clientFor(server.path); // finds the pipe busy until then, or waits in the kernel's queue
    await first.read();
    await second;
    await until(() => server.connections === 2, 'another one is let in');
  });

  it('is not taken by who looks at it, or sends', async () => {
    const { server, first } = await untaken();
    expect(first.stats().bytesReceived + first.available).toBeGreaterThanOrEqual(0);
    expect(first.peer.pid).toBe(process.pid);
    await first.peerUser();
    await first.send(Buffer.from('to all'));
    expect(server.stats().waiting).toBe(1);
    expect(await next(server)).toBe(first);
  });

  it('lives on when the server closes, if it was taken', async () => {
    const { server, first } = await untaken();
    await first.read();
    await server.close();
    expect(first.state).toBe('open');
    for (let i = 1; i < FRAMES; i++) expect((await first.read())!.equals(frame(i))).toBe(true);
    first.destroy();
  });
});
