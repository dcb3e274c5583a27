// node test/stress/close-race.js [--count 5000]: a server is closed while a client in another thread connects, within 200 µs of
// each other, so many times. Each attempt must come to a connection that then ends, or to an error of the table in docs/api.md; no
// close hangs, the name is free afterwards, and no handle is left. Prints what the attempts came to; ends with 1 if one
// came to something else.
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';
import { connect, listen } from 'framepipe';
import { handles, handlesLeft, numbers, spin, within } from './common.js';

/** In µs. */
const APART = 200;
/** The last round whose server is there, and the last one that the client has seen. */
const [SERVED, READY] = [0, 1];
const ABORTED = new Error('aborted');
const quiet = (promise) => promise.catch(() => {});

/** Ways to serve a name, and to stop that. */
const servers = [
  async () => {
    const server = await listen(workerName());
    return () => server.close();
  },
  async () => {
    const server = await listen(workerName());
    void (async () => {
      for await (const client of server) quiet(client.read());
    })();
    return () => server.close({ connections: true });
  },
  async () => {
    const server = await listen(workerName());
    const served = server.serve((client) => client.read(), { onError: () => {} });
    return async () => {
      await server.close({ connections: true });
      await served;
    };
  },
  async () => {
    const controller = new AbortController();
    const server = await listen(workerName(), { signal: controller.signal });
    return () => {
      controller.abort();
      return server.closed;
    };
  },
  async () => {
    const server = await listen(workerName(), { maxInstances: 1, backlog: 1 });
    return () => server.close();
  },
];

/** Ways to connect; what else they may come to. */
const attempts = [
  { codes: [], make: (name) => [connect(name)] },
  { codes: ['ETIMEDOUT'], make: (name) => [connect(name, { waitForServer: true, timeout: 10 })] },
  { codes: ['ETIMEDOUT'], make: (name) => [1, 2, 3].map(() => connect(name, { timeout: 10 })) },
  {
    codes: [],
    make: (name) => {
      const controller = new AbortController();
      const made = connect(name, { signal: controller.signal });
      spin(Math.random() * APART);
      controller.abort(ABORTED);
      return [made];
    },
  },
];

function workerName() {
  return `framepipe-close-race-${process.pid}`;
}

/** What an attempt has come to, in a word. */
async function outcome(attempt, codes) {
  let connection;
  try {
    connection = await attempt;
  } catch (error) {
    if (error === ABORTED) return 'aborted';
    const known = ['ENOENT', 'ECONNREFUSED', ...codes].includes(error.code) && error.syscall === 'connect';
    return known ? error.code : `unexpected: ${error.stack}`;
  }
  quiet(connection.send(Buffer.from('hello')));
  await quiet(connection.closed);
  return connection.state === 'closed' ? 'connected' : `unexpected: ${connection.state}`;
}

async function racing() {
  const { shared, rounds } = workerData;
  const round = new Int32Array(shared);
  for (let i = 1; i <= rounds; i++) {
    while (Atomics.load(round, SERVED) < i) Atomics.wait(round, SERVED, i - 1);
    Atomics.store(round, READY, i);
    spin(Math.random() * APART);
    const { codes, make } = attempts[i % attempts.length];
    parentPort.postMessage(await Promise.all(make(workerName()).map((attempt) => outcome(attempt, codes))));
  }
}

async function main() {
  const { count } = numbers({ count: 5000 });
  const warm = Math.min(100, count);
  const shared = new SharedArrayBuffer(8);
  const round = new Int32Array(shared);
  const worker = new Worker(fileURLToPath(import.meta.url), { workerData: { shared, rounds: count + warm } });
  const ended = once(worker, 'exit');
  const came = new Map();
  let before = 0;
  for (let i = 1; i <= count + warm; i++) {
    if (i === warm + 1) before = handles();
    const what = () => `round ${i}, server ${i % servers.length}, client ${i % attempts.length}`;
    const close = await within(servers[i % servers.length](), what);
    const told = once(worker, 'message');
    Atomics.store(round, SERVED, i);
    Atomics.notify(round, SERVED);
    while (Atomics.load(round, READY) < i); // it is awake: from here on the two are as close as can be
    spin(Math.random() * APART);
    await within(close(), () => `close of ${what()}`);
    const [outcomes] = await within(told, () => `connect of ${what()}`);
    for (const one of outcomes) came.set(one, (came.get(one) ?? 0) + 1);
  }
  const left = await handlesLeft(before);
  await within(ended, 'the Worker');
  console.log(
    `${count + warm} rounds: ${[...came].map(([what, times]) => `${times} ${what}`).join(', ')}; ${left} handles left`,
  );
  if (left > 0 || [...came.keys()].some((what) => what.startsWith('unexpected'))) process.exitCode = 1;
}

await (isMainThread ? main() : racing());
