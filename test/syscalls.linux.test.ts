// How often the kernel is asked: a measure of speed that no load on the machine changes.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { connect, type PipeConnection } from '../lib/index.ts';
import { needPackages } from './run/command.js';
import { uniqueName } from './support/pipes.ts';

beforeAll(() => needPackages('strace'), 120_000);

/** What `work` makes the server's main thread ask of the kernel, by name; the calls that wait for events are not counted. */
async function callsOf(server: ChildProcess, work: () => Promise<void>): Promise<Map<string, number>> {
  const folder = mkdtempSync(path.join(tmpdir(), 'framepipe-test-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const file = path.join(folder, 'calls');
  const strace = spawn('strace', ['-c', '-o', file, '-p', String(server.pid)], { stdio: ['ignore', 'ignore', 'pipe'] });
  await once(strace.stderr, 'data'); // "attached"
  await work();
  strace.kill('SIGINT');
  await once(strace, 'close');
  const calls = new Map<string, number>();
  for (const line of readFileSync(file, 'utf8').split('\n')) {
    const [, count, name] = /^\s*[\d.]+\s+[\d.]+\s+\d+\s+(\d+)\s+(?:\d+\s+)?(\w+)$/.exec(line) ?? [];
    if (name && name !== 'total') calls.set(name, Number(count));
  }
  return calls;
}

async function startServer(program: string, ...args: string[]): Promise<ChildProcess> {
  const file = fileURLToPath(new URL(`support/${program}`, import.meta.url));
  const server = spawn(process.execPath, [file, ...args], { stdio: ['ignore', 'pipe', 'inherit'] });
  onTestFinished(() => void server.kill('SIGKILL'));
  await once(server.stdout!, 'data');
  return server;
}

describe('system calls', () => {
  it('are one to receive and one to send for a round trip', async () => {
    const name = uniqueName();
    const server = await startServer('echo-child.js', name);
    const client = await connect(name);
    const ask = async () => {
      await client.send(Buffer.alloc(64));
      await client.read();
    };
    for (let i = 0; i < 100; i++) await ask();
    const trips = 1000;
    const calls = await callsOf(server, async () => {
      for (let i = 0; i < trips; i++) await ask();
    });
    const [received, sent] = [calls.get('recvfrom') ?? 0, calls.get('sendto') ?? 0];
    expect(received).toBeGreaterThanOrEqual(trips); // or nothing was counted
    expect(received).toBeLessThan(1.1 * trips);
    expect(sent).toBeLessThan(1.1 * trips);
    const others = [...calls].filter(([call]) => !/^(recvfrom|sendto|epoll_p?wait\d?|p?poll)$/.test(call));
    expect(
      others.reduce((sum, [, count]) => sum + count, 0),
      JSON.stringify(others),
    ).toBeLessThan(0.2 * trips);
    await client.close();
  });

  it('are few for many small frames', async () => {
    const name = uniqueName();
    const server = await startServer('echo-child.js', name);
    const client = await connect(name);
    const frames = 50_000;
    const batch = new Array(500).fill(Buffer.alloc(64));
    const calls = await callsOf(server, async () => {
      const sending = (async () => {
        for (let i = 0; i < frames; i += batch.length) await client.sendMany(batch);
      })();
      await receive(client, frames);
      await sending;
    });
    fewFor(calls, frames);
    await client.close();
  });

  it('are few for many small frames to several peers in turn', async () => {
    const name = uniqueName();
    const frames = 10_000; // for each
    const server = await startServer('broadcast-child.js', name, '4', String(frames));
    const clients: PipeConnection[] = [];
    while (clients.length < 4) clients.push(await connect(name));
    const calls = await callsOf(server, async () => {
      await clients.at(-1)!.send(Buffer.from('go'));
      await Promise.all(clients.map((client) => receive(client, frames)));
    });
    fewFor(calls, 4 * frames);
    await Promise.all(clients.map((client) => client.close()));
  });
});

describe('page faults', () => {
  // What V8 frees, the next frames have to find mapped: or there are up to 50,000 for each GB.
  it('are few for large frames', async () => {
    const name = uniqueName();
    const server = await startServer('sink-child.js', name);
    const client = await connect(name);
    const frame = Buffer.alloc(64 * 1024);
    const pour = async (bytes: number) => {
      for (; bytes > 0; bytes -= frame.length) await client.send(frame);
      await client.waitForDrain();
    };
    const faults = () => Number(readFileSync(`/proc/${server.pid}/stat`, 'utf8').split(' ')[9]);
    await pour(500e6);
    const before = faults();
    expect(before).toBeGreaterThan(1000); // or it is another number
    await pour(1e9);
    expect(faults() - before).toBeLessThan(12_000); // beside a busy machine, more is on its way at once
    await client.close();
  });
});

async function receive(client: PipeConnection, frames: number): Promise<void> {
  let received = 0;
  for await (const arrived of client.batches()) if ((received += arrived.length) === frames) break;
}

// 68 bytes each on the wire: at least so many calls if each took 64 KiB, and no more than a call for 25 frames.
function fewFor(calls: Map<string, number>, frames: number): void {
  const count = (calls.get('recvfrom') ?? 0) + (calls.get('sendto') ?? 0) + (calls.get('sendmsg') ?? 0);
  expect(count).toBeGreaterThan(10);
  expect(count).toBeLessThan(frames / 25);
}
