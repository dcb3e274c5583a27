// Protocols of others as framing.custom(): each in less than 25 lines, against bytes as their documents have them.
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { FrameDecoder, type Framing, framing, type PipeConnection } from '../lib/index.ts';
import { clientFor, next, serverFor, uniqueName } from './support/pipes.ts';
import { amp } from './support/protocols/amp.ts';
import { bser } from './support/protocols/bser.ts';
import { resp } from './support/protocols/resp.ts';

const bytes = (text: string) => Buffer.from(text, 'latin1');

/** A client, and a peer that knows bytes only: what it reads, and what it answers, in pieces of `step` bytes. */
async function conversation<T>(kind: Framing<T>): Promise<{ client: PipeConnection<T>; peer: PipeConnection<Buffer> }> {
  const name = uniqueName();
  const server = await serverFor(name, { framing: framing.raw() });
  const client = await clientFor(name, { framing: kind });
  return { client, peer: await next(server) };
}

async function received(peer: PipeConnection<Buffer>, length: number): Promise<string> {
  let text = '';
  while (text.length < length) text += (await peer.read())!.toString('latin1');
  return text;
}

async function inPieces(peer: PipeConnection<Buffer>, answer: Buffer, step: number): Promise<void> {
  for (let at = 0; at < answer.length; at += step) {
    await peer.send(answer.subarray(at, at + step));
    await peer.waitForDrain(); // so that they do not come together
  }
}

async function exchange<T>(kind: Framing<T>, sent: T, request: string, answer: string, replies: unknown[]) {
  for (const step of [1, 3, answer.length]) {
    const { client, peer } = await conversation(kind);
    await client.send(sent);
    expect(await received(peer, request.length)).toBe(request);
    const answering = inPieces(peer, bytes(answer), step);
    for (const reply of replies) expect(await client.read(), `${step} bytes at a time`).toEqual(reply);
    await answering;
    await peer.close();
    expect(await client.read()).toBe(null);
  }
  // The codec by itself, cut at each byte.
  for (let at = 0; at <= answer.length; at++) {
    const decoder = new FrameDecoder(kind);
    const found = [...decoder.push(bytes(answer.slice(0, at))), ...decoder.push(bytes(answer.slice(at)))];
    expect(found, `cut at ${at}`).toEqual(replies);
    expect(decoder.end()).toEqual([]);
  }
}

describe('a client of', () => {
  it('RESP, as Redis speaks it', async () => {
    const answer =
      '+OK\r\n:1000\r\n$6\r\nfoobar\r\n$0\r\n\r\n$-1\r\n*3\r\n:1\r\n*2\r\n+a\r\n$1\r\nb\r\n$-1\r\n*0\r\n-ERR no\r\n';
    const replies = ['OK', 1000, 'foobar', '', null, [1, ['a', 'b'], null], [], 'ERR no'];
    await exchange(resp, ['LLEN', 'mylist'], '*2\r\n$4\r\nLLEN\r\n$6\r\nmylist\r\n', answer, replies);
  });

  it('AMP, as Twisted speaks it', async () => {
    const request = '\0\x04_ask\0\x0223\0\x08_command\0\x03Sum\0\x01a\0\x0213\0\x01b\0\x0281\0\0';
    const answer = '\0\x07_answer\0\x0223\0\x05total\0\x0294\0\0\0\x01k\0\0\0\0';
    const replies = [{ _answer: '23', total: '94' }, { k: '' }];
    await exchange(amp, { _ask: '23', _command: 'Sum', a: '13', b: '81' }, request, answer, replies);
  });

  it('BSER, as Watchman speaks it', async () => {
    const request = '\0\x01\x05\x15\0\0\0\0\x05\x01\0\0\0\x02\x05\x07\0\0\0version'.replace('\x15', '\x13');
    const version = '\x01\x03\x02\x02\x03\x07version\x02\x03\x054.9.0\x02\x03\x02ok\x08';
    const list = '\0\x03\x04\x03\x2a\x04\x2c\x01\x09\x0a';
    const answer = `\0\x01\x03${String.fromCharCode(version.length)}${version}\0\x01\x04\x0a\0${list}`;
    await exchange(bser, ['version'], request, answer, [{ version: '4.9.0', ok: true }, [42, 300, false, null]]);
  });

  it.each(['resp', 'amp', 'bser'])('%s takes less than 25 lines', (name) => {
    const source = readFileSync(new URL(`support/protocols/${name}.ts`, import.meta.url), 'utf8');
    const lines = source.split('\n').filter((line) => line.trim() !== '' && !line.trim().startsWith('//'));
    expect(lines.length).toBeLessThan(25);
  });
});
