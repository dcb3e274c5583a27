// What outlives a connection: nothing, once it has ended and the user has let go of it.
import { setImmediate } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { expect, it } from 'vitest';
import { connect, framing, listen } from '../lib/index.ts';
import { uniqueName } from './support/pipes.ts';

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

it('memory that frames of many connections share does not keep those that have ended', async () => {
  await using server = await listen(uniqueName());
  server.serve(async (pipe) => {
    for await (const frame of pipe) await pipe.send(frame);
  });
  const framings: WeakRef<object>[] = [];
  for (let i = 0; i < 8; i++) await exchange(server.path, framings);
  for (let i = 0; i < 8; i++) {
    await setImmediate();
    collect();
  }
  expect(framings.filter((one) => one.deref())).toEqual([]);
});

/** With a framing of its own, which lives as long as what the connection has of its frames. */
async function exchange(path: string, framings: WeakRef<object>[]): Promise<void> {
  const own = framing.lengthPrefix();
  framings.push(new WeakRef(own));
  await using pipe = await connect(path, { framing: own });
  await pipe.send(Buffer.from('small'));
  await pipe.read();
}
