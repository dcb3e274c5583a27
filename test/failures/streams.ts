// toDuplex, and what its stream is told.
import { finished } from 'node:stream/promises';
import { onTestFinished } from 'vitest';
import { framing, type PipeConnection, type PipeDuplex } from '../../lib/index.ts';
import { pair } from '../support/pipes.ts';
import { ends } from './ends.ts';
import { area, OPEN, REASON, type Side } from './row.ts';

interface Streaming {
  stream: PipeDuplex;
  it: PipeConnection;
  peer: PipeConnection;
}

async function streaming(side: Side): Promise<Streaming> {
  const { it, peer } = await ends(side, { framing: framing.raw() });
  const stream = it.toDuplex({ allowHalfOpen: true, linger: Infinity });
  stream.on('error', () => {});
  stream.on('data', () => {});
  onTestFinished(() => void stream.destroy());
  return { stream, it, peer };
}

/** More than the system and the stream take while the peer does not read. */
const MUCH = Buffer.alloc(8 << 20);
const WRITE = { code: 'EPIPE', syscall: 'write' };

const written = (stream: PipeDuplex, bytes: Uint8Array): Promise<void> =>
  new Promise((resolve, reject) => stream.write(bytes, (error) => (error ? reject(error) : resolve())));

export const streams = area({
  sides: ['server', 'client'],
  states: {
    open: streaming,
    'the peer does not read': async (side) => {
      const state = await streaming(side);
      void written(state.stream, MUCH).catch(() => {});
      return state;
    },
  },
  causes: {
    'the peer leaves': ({ peer }) => peer.destroy(),
    'the stream is destroyed with an error': ({ stream }) => void stream.destroy(REASON),
    'the connection is destroyed with an error': ({ it }) => it.destroy(REASON),
    'the connection is closed, and the peer leaves': ({ it, peer }) => {
      void it.close();
      peer.destroy();
    },
  },
  calls: {
    'stream.write': ({ stream }) => written(stream, MUCH),
    'stream.end': ({ stream }) =>
      new Promise((resolve, reject) => stream.end((e?: Error) => (e ? reject(e) : resolve(0)))),
    'finished(stream)': ({ stream }) => finished(stream),
    'toDuplex: with what are no options': async ({ it }) => void it.toDuplex(null as never),
    'toDuplex: with another framing': async () => {
      const { client } = await pair({ framing: framing.lengthPrefix() });
      return void client.toDuplex();
    },
    'toDuplex: a second time': async ({ it }) => void it.toDuplex(),
    'toDuplex: with an invalid option': async ({ it }) => void it.toDuplex({ linger: -1 }),
  },
  rows: [
    {
      call: ['stream.write', 'finished(stream)', 'stream.end'],
      when: 'the peer does not read',
      meanwhile: 'the peer leaves',
      ...WRITE,
      says: 'the peer left before everything was sent',
    },
    {
      call: ['stream.write', 'finished(stream)', 'stream.end'],
      when: 'the peer does not read',
      meanwhile: 'the stream is destroyed with an error',
      rejects: REASON,
    },
    {
      call: ['stream.write', 'finished(stream)', 'stream.end'],
      when: 'the peer does not read',
      meanwhile: 'the connection is destroyed with an error',
      rejects: REASON,
    },
    {
      call: ['stream.write', 'finished(stream)', 'stream.end'],
      when: 'the peer does not read',
      meanwhile: 'the connection is closed, and the peer leaves',
      ...WRITE,
      says: 'this side closed the connection',
    },
    {
      call: 'toDuplex: with another framing',
      when: OPEN,
      code: 'EINVAL',
      says: 'toDuplex is for bytes: make the pipe with { framing: framing.raw() }, without `as`',
    },
    {
      call: 'toDuplex: a second time',
      when: OPEN,
      code: 'EINVAL',
      says: 'toDuplex was called before: a connection has one stream',
    },
    {
      call: 'toDuplex: with what are no options',
      when: OPEN,
      code: 'EINVAL',
      says: 'options must be an object, not null',
    },
    {
      call: 'toDuplex: with an invalid option',
      when: OPEN,
      code: 'EINVAL',
      says: 'linger must be a number of milliseconds from 0 up, not -1',
    },
  ],
});
