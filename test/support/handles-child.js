// node handles-child.js TOLERATED [WITNESS] : makes 1,000 connections in all ways and 200 attempts that fail, and prints how many
// descriptors (Linux) or handles (Windows, by the addon WITNESS) the process had before and has after, as JSON.
import { readdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { connect, framing, listen } from 'framepipe';

const [tolerated, witness] = process.argv.slice(2);
const count = witness ? createRequire(import.meta.url)(witness).handleCount : () => readdirSync('/proc/self/fd').length;
const name = `framepipe-handles-${process.pid}`;
const turn = () => new Promise((resolve) => setImmediate(resolve));
const quiet = (promise) => promise.catch(() => {});

async function taken(server) {
  for await (const served of server) return served;
}

/** Ways to live and to end, each given both ends of a connection and its server. */
const ways = [
  async (client) => client.destroy(),
  async (client) => client.close(),
  async (_, served) => served.destroy(),
  async (_, served) => served.close(),
  async (client, served) => Promise.all([client.close(), served.close()]),
  async (client, served) => {
    client.destroy(new Error('mine'));
    served.destroy(new Error('mine'));
  },
  async (client, served) => {
    await client.send(Buffer.from('read and drained'));
    const drained = client.waitForDrain();
    await served.read();
    await drained;
  },
  async (client, served) => {
    quiet(client.send(Buffer.alloc(300_000)));
    quiet(client.waitForDrain());
    await turn();
    served.destroy();
  },
  async (client, served) => {
    quiet(client.send(Buffer.alloc(300_000)));
    quiet(client.close({ timeout: 1 }));
    await turn();
    served.destroy();
  },
  async (client, served) => {
    const abort = new AbortController();
    quiet(client.waitForDrain({ signal: abort.signal }));
    quiet(client.read({ signal: abort.signal }));
    abort.abort();
    await served.close();
  },
  async (client, served) => {
    await client.send(Buffer.from('here I am'));
    await served.read();
    await served.peerUser();
    await quiet(served.runAsClient((as) => as.readFile(fileURLToPath(import.meta.url))));
    await quiet(served.runAsClient(() => {}));
  },
  streaming,
  async (_client, _served, server) => server.setAccess('everyone'),
];

async function streaming(client, served) {
  const stream = served.toDuplex();
  stream.on('error', () => {}).end('bytes');
  for await (const _ of client);
}

const framings = [framing.lengthPrefix(), framing.message(), framing.raw()];

async function connections(from, to) {
  for (let i = from; i < to; i++) {
    const way = ways[i % ways.length];
    const options = { framing: way === streaming ? framing.raw() : framings[i % framings.length] };
    const server = await listen(name, options);
    const client = await connect(name, { ...options, impersonation: 'impersonation' });
    const served = await taken(server);
    await way(client, served, server);
    await quiet(server.close({ connections: i % 2 === 0, timeout: 1 }));
    client.destroy();
    served.destroy();
    await Promise.all([quiet(client.closed), quiet(served.closed)]);
  }
}

/** Attempts that fail, each given the name of a pipe that somebody serves, and of one that is busy. */
const failures = [
  () => connect(`${name}-nobody`),
  () => connect(`${name}-nobody`, { waitForServer: true, timeout: 1 }),
  () => connect(`${name}-nobody`, { waitForServer: true, signal: AbortSignal.timeout(1) }),
  (served) => listen(served),
  (served) => listen(served, { framing: framing.message() }),
  (served) => connect(served, { framing: framing.message() }),
  (served) => connect(served, { signal: AbortSignal.abort() }),
  () => listen('', {}),
  () => listen(`${name}-bad`, { access: { sddl: 'nonsense' } }),
  (served) => listen(served, { exclusive: false, framing: framing.message() }),
  (_, busy) => (witness ? connect(busy, { timeout: 1 }) : connect(`${name}/`)),
];

async function attempts(number) {
  const server = await listen(`${name}-served`);
  const busy = await listen(`${name}-busy`, { maxInstances: 1 });
  const inside = await connect(`${name}-busy`);
  let failed = 0;
  for (let i = 0; i < number; i++) {
    const attempt = failures[i % failures.length](`${name}-served`, `${name}-busy`);
    await attempt.catch(() => failed++);
  }
  inside.destroy();
  await Promise.all([server.close({ connections: true }), busy.close({ connections: true })]);
  return failed;
}

// Threads and the like are made when they are first needed, and stay.
await connections(0, 100);
await attempts(2 * failures.length);
global.gc?.();
await turn();
const before = count();
await connections(0, 1000);
const failed = await attempts(200);
let after = count();
// There may be threads yet to end. Under Wine a count may take a second, when other programs run.
for (let pause = 10; after - before > tolerated && pause < 3000; pause *= 2) {
  await new Promise((resolve) => setTimeout(resolve, pause));
  after = count();
}
console.log(JSON.stringify({ before, after, failed }));
