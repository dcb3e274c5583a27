// connectDuplex, and framepipe/http.
import { once } from 'node:events';
import http from 'node:http';
import { onTestFinished } from 'vitest';
import { PipeAgent, serveHttp } from '../../lib/http/index.ts';
import { connectDuplex, framing } from '../../lib/index.ts';
import { uniqueName } from '../support/pipes.ts';
import { area } from './row.ts';

type Named = { name: string; stream: ReturnType<typeof connectDuplex>; close: () => Promise<void> };

const connecting = (name: string): Named => {
  const stream = connectDuplex(name, { waitForServer: true }).on('error', () => {});
  onTestFinished(() => void stream.destroy());
  return { name, stream, close: async () => {} };
};

/** What it comes to: its error. */
const failing = (emitter: NodeJS.EventEmitter): Promise<never> =>
  once(emitter, 'error').then(([error]) => Promise.reject(error));

export const overHttp = area({
  states: {
    'nobody serves the name': () => connecting(uniqueName()),
    'an answer takes longer': async () => {
      const name = uniqueName();
      const server = http.createServer((_request, response) => void response.write('for ever'));
      const served = await serveHttp(server, name);
      const request = http.get({ agent: new PipeAgent(name) });
      const [response] = await once(request, 'response');
      response.on('error', () => {});
      return { ...connecting(name), close: () => served.close({ timeout: 50 }) };
    },
  },
  causes: {
    'the stream is destroyed': ({ stream }) => void stream.destroy(),
  },
  calls: {
    connectDuplex: ({ name }) => failing(connectDuplex(name)),
    'connectDuplex: with another framing': async ({ name }) =>
      void connectDuplex(name, { framing: framing.lengthPrefix() }),
    'connectDuplex: with an invalid option': async ({ name }) => void connectDuplex(name, { linger: -1 }),
    'stream.write': ({ stream }) =>
      new Promise<void>((resolve, reject) => stream.write('x', (error) => (error ? reject(error) : resolve()))),
    'stream.connection': async ({ stream }) => void stream.connection,
    PipeAgent: ({ name }) => failing(http.get({ agent: new PipeAgent(name) })),
    'PipeAgent: with an invalid option': async ({ name }) => void new PipeAgent(name, { connect: { linger: -1 } }),
    'serveHttp: with what is no server': ({ name }) => serveHttp({} as never, name),
    'served.close': ({ close }) => close(),
  },
  rows: [
    { call: ['connectDuplex', 'PipeAgent'], when: 'nobody serves the name', code: 'ENOENT', syscall: 'connect' },
    {
      call: 'connectDuplex: with another framing',
      when: 'nobody serves the name',
      code: 'EINVAL',
      says: 'connectDuplex is for bytes: make the pipe with { framing: framing.raw() }, without `as`',
    },
    {
      call: ['connectDuplex: with an invalid option', 'PipeAgent: with an invalid option'],
      when: 'nobody serves the name',
      code: 'EINVAL',
      says: 'linger must be a number of milliseconds from 0 up, not -1',
    },
    {
      call: 'stream.write',
      when: 'nobody serves the name',
      meanwhile: 'the stream is destroyed',
      code: 'EPIPE',
      syscall: 'write',
      says: 'the stream was destroyed before it was connected',
    },
    {
      call: 'stream.connection',
      when: 'nobody serves the name',
      code: 'EINVAL',
      says: "the stream has no connection yet: wait for its 'connect'",
    },
    {
      call: 'serveHttp: with what is no server',
      when: 'nobody serves the name',
      code: 'EINVAL',
      says: /^server must be an http\.Server/,
    },
    {
      call: 'served.close',
      when: 'an answer takes longer',
      code: 'ETIMEDOUT',
      syscall: 'close',
      says: '1 of its connections did not end within 50 ms, and were destroyed',
    },
  ],
});
