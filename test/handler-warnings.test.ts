// What is said of handlers that fail when serve has no onError.
import vm from 'node:vm';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { HandlerWarnings } from '../lib/handler-warnings.ts';
import { PipeError } from '../lib/index.ts';
import { clientFor, pair, readAll, serverFor, uniqueName, until } from './support/pipes.ts';

function warnings(): string[] {
  const said: string[] = [];
  const spy = vi.spyOn(process, 'emitWarning').mockImplementation((...[warning, type]: unknown[]) => {
    expect([typeof warning, type]).toEqual(['string', 'PipeHandlerWarning']);
    said.push(warning as string);
  });
  onTestFinished(() => spy.mockRestore());
  return said;
}

describe('the warning of a handler that fails', () => {
  it('has the pipe, the client and the stack', async () => {
    const said = warnings();
    const server = await serverFor(uniqueName());
    server.serve(function theHandler() {
      throw new TypeError('mine', { cause: new Error('its cause') });
    });
    const client = await clientFor(server.path);
    await readAll(client);
    await until(() => said.length > 0, 'the warning');
    const [warning] = said;
    expect(warning!.startsWith(`${server.path}: a handler failed for a client (pid ${process.pid}, `)).toBe(true);
    expect(warning).toMatch(/connection \d+\): TypeError: mine\n {4}at theHandler .*handler-warnings/);
    expect(warning).toContain('its cause');
  });

  it.each([
    ['an error of another realm', vm.runInNewContext('new RangeError("theirs")'), 'RangeError: theirs'],
    ['no error', 'text', "'text'"],
    ['nothing', undefined, 'undefined'],
    [
      'what cannot be shown',
      {
        [Symbol.for('nodejs.util.inspect.custom')]: () => {
          throw 5;
        },
      },
      'what cannot be shown (object)',
    ],
  ])('is a string also for %s', async (_, thrown, shown) => {
    const said = warnings();
    const server = await serverFor(uniqueName());
    server.serve(() => Promise.reject(thrown));
    await readAll(await clientFor(server.path));
    await until(() => said.length > 0, 'the warning');
    expect(said[0]).toContain(`): ${shown}`);
  });

  it('is not made for what stopped because the client has gone', async () => {
    const said = warnings();
    const server = await serverFor(uniqueName());
    const reasons: unknown[] = [];
    server.serve(async (_, { signal }) => {
      await new Promise((_, reject) =>
        signal.addEventListener('abort', () => reject(reasons[reasons.push(signal.reason) - 1])),
      );
    });
    const client = await clientFor(server.path);
    await until(() => server.stats().waiting === 0 && server.connections === 1, 'it runs');
    client.destroy();
    await until(() => reasons.length > 0 && server.connections === 0, 'it has stopped');
    expect(reasons[0]).toBeInstanceOf(PipeError);
    expect(said).toEqual([]);
  });
});

describe('many warnings', () => {
  it('are 5 a second, and one that counts those left out', async () => {
    const said = warnings();
    const { served } = await pair();
    const timers: (() => void)[] = [];
    const told = new HandlerWarnings('PIPE', (over, ms) => {
      expect(ms).toBe(1000);
      timers.push(over);
    });
    for (let i = 0; i < 12; i++) told.tell(`failure ${i}`, served);
    expect(said.map((warning) => /failure \d+/.exec(warning)?.[0])).toEqual([0, 1, 2, 3, 4].map((i) => `failure ${i}`));
    expect(timers).toHaveLength(1);
    timers.shift()!();
    expect(said.slice(5)).toEqual([
      'PIPE: 7 more handlers failed within a second; to be told of each, give serve an onError',
    ]);
    told.tell('afterwards', served);
    expect(said[6]).toContain('afterwards');
    timers.shift()!();
    expect(said).toHaveLength(7);
    expect(timers).toEqual([]);
  });

  it('come of clients whose frames are none, too', async () => {
    const said = warnings();
    const server = await serverFor(uniqueName());
    server.serve(async () => {
      throw new Error('malformed');
    });
    const clients = await Promise.all(Array.from({ length: 20 }, () => clientFor(server.path)));
    await Promise.all(clients.map((client) => readAll(client)));
    await until(() => said.length > 5, 'the last one, which counts');
    expect(said.filter((warning) => warning.includes('malformed'))).toHaveLength(5);
    expect(said.at(-1)).toContain(': 15 more handlers failed');
  });
});
