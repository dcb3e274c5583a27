// The numbers by which JavaScript and native code name connections, servers and identities.
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { connect, framing, listen } from '../lib/index.ts';
import { loop } from '../lib/loop.ts';
import { uniqueName } from './support/pipes.ts';

const child = fileURLToPath(new URL('support/numbers-child.js', import.meta.url));

const codeOf = (failure: unknown) => (failure as [code: string])[0];

function run(...args: (string | number)[]): Promise<string> {
  return new Promise((resolve, reject) => {
    const process_ = spawn(process.execPath, [child, ...args.map(String)], { stdio: ['ignore', 'pipe', 'pipe'] });
    let output = '';
    process_.stdout.on('data', (text) => (output += text));
    process_.stderr.on('data', (text) => (output += text));
    process_.once('error', reject);
    process_.once('close', (code) => resolve(`${output.trim()}${code === 0 ? '' : ` (code ${code})`}`));
  });
}

describe('a number is never given out twice', () => {
  it('with counters that begin just below 2^32', async () => {
    expect(await run(2 ** 12 - 2, 6, uniqueName())).toBe('ok');
  });

  it('with counters that begin just below 2^53', async () => {
    expect(await run(2 ** 33 - 3, 6, uniqueName())).toBe('ok');
  });

  it('when every slot has been used thousands of times', async () => {
    const name = uniqueName();
    const lines = { framing: framing.lines({ as: 'utf8' }) };
    const server = await listen(name, lines);
    const served = server[Symbol.asyncIterator]();
    const exchange = async () => {
      const [client, { value: here }] = await Promise.all([connect(name, lines), served.next()]);
      client.destroy();
      await here!.closed;
      return here!;
    };
    const first = await exchange();
    for (let i = 0; i < 4100; i++) await exchange();
    await first.close(); // until then its client, though it has left, may still be asked for
    for (let i = 0; i < 4; i++) {
      const [client, { value: here }] = await Promise.all([connect(name, lines), served.next()]);
      await expect(first.send('not for you')).rejects.toMatchObject({ code: 'EPIPE' });
      await expect(first.peerUser()).rejects.toMatchObject({ code: 'EPIPE' });
      await here!.send('for you');
      expect(await client.read()).toBe('for you');
      await client.close();
    }
    await server.close({ connections: true });
  }, 120_000);
});

describe('what is no number of a connection', () => {
  it.each([0, -1, 0.5, 1.5, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 53, 2 ** 64, 4294967297])(
    '%d finds nothing',
    (number) => {
      expect(codeOf(loop.send(number, new Uint8Array(1)))).toBe('EPIPE');
      expect(codeOf(loop.setAccess(number, { allow: [], integrity: 0 }))).toBe('EINVAL');
      expect(codeOf(loop.access(number))).toBe('EINVAL');
      expect(codeOf(loop.takeIdentity(number, false, 1))).toBe('EPIPE');
      expect(codeOf(loop.perform(number, 1, 'user', ''))).toBe('ERR_PIPE_CLIENT_RELEASED');
      loop.close(number);
      loop.destroy(number);
      loop.closeListener(number);
      loop.releaseIdentity(number);
      loop.keepAlive(number, true);
    },
  );
});
