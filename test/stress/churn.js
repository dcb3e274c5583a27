// node test/stress/churn.js [--count 100000] [--burners N]: a client in another process connects, three messages go, and it
// destroys the connection, so many times and eight at a time, while N processes (twice the number of processors) burn the rest of
// the machine. What was drained or read arrived whole and in order, what was not is a beginning of it; nothing hangs, and
// neither process keeps handles. Prints how many there were; ends with 1 if something is missing.
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import { connect, framing, listen } from 'framepipe';
import { handles, handlesLeft, numbers, within } from './common.js';

const [, , role, ...rest] = process.argv;
const AT_ONCE = 8;
const MESSAGES = 3;
/** Connections after which there are all the handles that there need be. */
const WARM = 100;
const text = framing.lengthPrefix({ as: 'utf8' });
const here = fileURLToPath(import.meta.url);
const messages = (id) => Array.from({ length: MESSAGES }, (_, i) => `${id}/${i}`);

/** By id: the client sends and drains; sends and goes at once; reads what the server sends. */
const ways = ['drains', 'goes', 'reads'];
const wayOf = (id) => ways[id % ways.length];

async function client() {
  const [name, count, first] = [rest[0], Number(rest[1]), Number(rest[2])];
  const failures = [];
  let next = first;
  let before = 0;
  const one = async (id) => {
    const pipe = await connect(name, { framing: text });
    if (wayOf(id) === 'reads') {
      await pipe.send(`send ${id}`);
      for (const message of messages(id)) {
        const got = await pipe.read();
        if (got !== message) failures.push(`read ${got} for ${message}`);
      }
    } else {
      for (const message of messages(id)) void pipe.send(message);
      if (wayOf(id) === 'drains') await pipe.waitForDrain();
      else if (id % 2 === 0) await new Promise((resolve) => setImmediate(resolve)); // all has gone out
    }
    pipe.destroy();
    await pipe.closed;
  };
  const several = async (end) => {
    while (next < end) {
      const id = next++;
      await within(one(id), `client ${id}, which ${wayOf(id)}`).catch((error) =>
        failures.push(`${id}: ${error.stack}`),
      );
    }
  };
  const all = (end) => Promise.all(Array.from({ length: AT_ONCE }, () => several(end)));
  await all(first + Math.min(WARM, count));
  before = handles();
  await all(first + count);
  process.send({ failures: failures.slice(0, 5), left: await handlesLeft(before) });
  process.disconnect();
}

async function main() {
  const { count, burners } = numbers({ count: 100_000, burners: 2 * availableParallelism() });
  const burning = Array.from({ length: burners }, () => fork(here, ['burn'], { stdio: 'ignore' }));
  process.on('exit', () => {
    for (const child of burning) child.kill('SIGKILL');
  });
  const server = await listen(`framepipe-churn-${process.pid}`, { framing: text });
  const wrong = [];
  let whole = 0;
  let begun = 0;
  const drained = new Set();
  let before = 0;
  const served = server.serve(
    async (pipe) => {
      const got = [];
      for await (const frame of pipe) {
        if (frame.startsWith('send ')) await pipe.sendMany(messages(frame.slice(5)));
        else got.push(frame);
      }
      if (got.length === 0) return;
      const id = Number(got[0].split('/')[0]);
      if (messages(id).slice(0, got.length).join() !== got.join()) wrong.push(`${got} of ${id}`);
      if (got.length === MESSAGES) whole++;
      else begun++;
      if (got.length === MESSAGES && wayOf(id) === 'drains') drained.add(id);
      if (id > WARM && before === 0) before = handles();
    },
    { onError: (error) => wrong.push(`${error.stack}`) },
  );
  const child = fork(here, ['client', server.path, `${count}`, '0']);
  const gone = once(child, 'exit');
  const [{ failures, left }] = await once(child, 'message');
  await within(gone, 'the client');
  await within(server.close({ connections: true }), 'close');
  await within(served, 'the handlers');
  for (let id = 0; id < count; id++)
    if (wayOf(id) === 'drains' && !drained.has(id)) wrong.push(`${id} was drained, and did not arrive`);
  const ours = before > 0 ? await handlesLeft(before) : 0;
  console.log(
    `${count} connections: ${drained.size} drained and whole; of those that went, ${whole - drained.size} whole and ${begun} in part; ` +
      `${left + ours} handles left, ${failures.length + wrong.length} wrong`,
  );
  for (const one of [...failures, ...wrong].slice(0, 10)) console.log(one);
  process.exit(left + ours > 0 || failures.length + wrong.length > 0 ? 1 : 0);
}

function burn() {
  process.on('disconnect', () => process.exit());
  const some = () => {
    const end = Date.now() + 100;
    while (Date.now() < end);
    setImmediate(some);
  };
  some();
}

if (role === 'burn') burn();
else await (role === 'client' ? client() : main());
