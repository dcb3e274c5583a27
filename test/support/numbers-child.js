// Everything that crosses by a number, with counters that begin where the argument says; as a process of its own, for a
// process counts on. Prints "ok".
import assert from 'node:assert/strict';
import { connect, framing, listen } from '../../dist/index.js';
import { loop } from '../../dist/loop.js';

const [generation, rounds, name] = [Number(process.argv[2]), Number(process.argv[3]), process.argv[4]];
const lines = { framing: framing.lines({ as: 'utf8' }) };
const actAs = { ...lines, impersonation: 'impersonation' };
const code = (promise) =>
  promise.then(
    () => 'resolved',
    (error) => error.code,
  );

loop.countFrom(generation);
const server = await listen(name, lines);
const served = server[Symbol.asyncIterator]();

async function exchange(i) {
  const [client, { value: here }] = await Promise.all([connect(name, actAs), served.next()]);
  await client.send(`small ${i}`);
  assert.equal(await here.read(), `small ${i}`);
  await here.sendMany(['one', 'two', 'l'.repeat(100_000)]);
  assert.equal(await client.read(), 'one');
  assert.equal(await client.read(), 'two');
  assert.equal((await client.read()).length, 100_000);
  await here.waitForDrain();
  assert.equal((await here.peerUser()).name, await here.runAsClient(async (as) => (await as.user()).name));
  await client.close();
  await here.closed;
  return here;
}

async function reachesNobody(ended) {
  const [client, { value: here }] = await Promise.all([connect(name, actAs), served.next()]);
  await client.send('hello');
  await here.read();
  assert.equal(await code(ended.send('not for you')), 'EPIPE');
  assert.equal(await code(ended.sendMany(['not for you'])), 'EPIPE');
  assert.equal(await code(ended.waitForDrain()), 'EPIPE');
  await ended.close(); // until then its client, though it has left, may still be asked for
  assert.equal(await code(ended.peerUser()), 'EPIPE');
  let called = false;
  assert.equal(await code(ended.runAsClient(() => (called = true))), 'EPIPE');
  assert.equal(called, false);
  ended.ref().unref();
  ended.destroy();
  await ended.close();
  await here.send('for you');
  assert.equal(await client.read(), 'for you');
  assert.equal(here.stats().framesSent, 1);
  await client.close();
  await here.closed;
}

const first = await exchange(0);
for (let i = 1; i <= rounds; i++) await exchange(i);
await reachesNobody(first);

await server.close();
const next = await listen(name, lines);
assert.equal(await code(server.setAccess('everyone')), 'EINVAL');
server.ref().unref();
await server.close();
const client = await connect(name, actAs);
await client.close();
await next.close({ connections: true });
console.log('ok');
