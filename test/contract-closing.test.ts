// Closing a server together with its connections.
import { expect, it } from 'vitest';
import { listen, type PipeConnection } from '../lib/index.ts';
import { clientFor, next, pattern, readAll, uniqueName } from './support/pipes.ts';

/** More than goes out while nobody reads. */
function sendMuch(connection: PipeConnection): void {
  for (let frame = 0; frame < 40; frame++) connection.send(pattern(100_000)).catch(() => {});
}

it('a failure of one connection is told when all are closed and the name is free', async () => {
  const name = uniqueName();
  const server = await listen(name, { highWaterMark: 65_536 });
  const given = await clientFor(name, { highWaterMark: 65_536 });
  const slow = await clientFor(name, { highWaterMark: 65_536 });
  const [toGiven, toSlow] = [await next(server), await next(server)];
  sendMuch(toGiven);
  sendMuch(toSlow);
  const closing = server.close({ connections: true, timeout: 10_000 });
  toGiven.close({ timeout: 1 }).catch(() => {}); // its peer never reads
  await toGiven.closed.catch(() => {});
  await Promise.resolve();
  const reading = readAll(slow); // only now
  await expect(closing).rejects.toMatchObject({ code: 'ETIMEDOUT', syscall: 'close' });
  expect(server.connections).toBe(0);
  expect(await reading).toHaveLength(40);
  given.destroy();
  await Promise.allSettled([given.closed, slow.closed]);
  await (await listen(name)).close(); // at once
});
