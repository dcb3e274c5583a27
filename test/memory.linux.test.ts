// A peer chooses how long its frames are: where there is no memory for one, that connection ends, and nothing else does.
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { connect, framing } from '../lib/index.ts';
import { start } from './support/clients.ts';
import { uniqueName } from './support/pipes.ts';

const child = fileURLToPath(new URL('support/scarce-child.js', import.meta.url));

it('a frame that finds no memory to be delivered in ends its connection with ENOMEM', async () => {
  const name = uniqueName();
  const server = start(process.execPath, [child, name]);
  const options = { framing: framing.lengthPrefix({ maxFrameLength: 2 ** 30 }), waitForServer: true };
  const greedy = await connect(name, options);
  greedy.send(Buffer.alloc(64 * 2 ** 20)).catch(() => {});
  await greedy.closed.catch(() => {});
  const modest = await connect(name, options);
  await modest.send(Buffer.from('modest'));
  await modest.closed.catch(() => {});
  expect(await text(server.stdout!)).toBe('ENOMEM ENOMEM\nmodest undefined\n');
});
