// node test/stress/identity.js [--rounds 25000] [--users 16] [--broken]: as root on Linux. Clients of many users are acted
// as from the main thread and two Workers, synchronously and asynchronously, while the ids of all threads are set, another
// copy of the package acts, and Workers, processes and native threads are made. Each operation is one that only its client
// may do, or may not: it prints how many there were, and ends with 1 if one was done as somebody else.
// --broken: threads that act do not block the C library's signal (unblocked.c), which must be found.
import { execFileSync, spawn } from 'node:child_process';
import { on, once } from 'node:events';
import fs from 'node:fs';
import inspector from 'node:inspector';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { Worker } from 'node:worker_threads';
import * as framepipe from '../../dist/index.js';
import { packageParts } from '../support/package-parts.js';
import { Actors } from './actors.js';

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '25000' },
    users: { type: 'string', default: '16' },
    broken: { type: 'boolean', default: false },
  },
});
const root = fileURLToPath(new URL('../..', import.meta.url));
const here = (file) => fileURLToPath(new URL(file, import.meta.url));
if (process.getuid() !== 0) throw new Error('it takes root, to have clients of other users');

// A program of its own, as the C library looks for such functions only when it starts.
if (values.broken && !process.env.LD_PRELOAD) {
  const folder = fs.mkdtempSync(path.join(tmpdir(), 'framepipe-broken-'));
  const library = path.join(folder, 'unblocked.so');
  execFileSync('gcc', ['-shared', '-fPIC', '-O1', '-o', library, here('unblocked.c'), '-ldl']);
  const again = spawn(process.execPath, [...process.execArgv, ...process.argv.slice(1)], {
    stdio: 'inherit',
    env: { ...process.env, LD_PRELOAD: library },
  });
  const [code] = await once(again, 'exit');
  fs.rmSync(folder, { recursive: true });
  process.exit(code ?? 2);
}
delete process.env.LD_PRELOAD;

const rounds = Number(values.rounds);
const users = Array.from({ length: Number(values.users) }, (_, i) => 20_001 + i);
const folder = fs.mkdtempSync(path.join(tmpdir(), 'framepipe-stress-'));
process.on('exit', () => fs.rmSync(folder, { recursive: true, force: true }));
fs.chmodSync(folder, 0o755);
for (const user of users) {
  write(`user-${user}`, 0o600, user, 0);
  write(`group-${user}`, 0o640, 0, user);
}
write('root', 0o600, 0, 0);
write('group-of-root', 0o640, 0, 0);

function write(name, mode, uid, gid) {
  const file = path.join(folder, name);
  fs.writeFileSync(file, name);
  fs.chownSync(file, uid, gid);
  fs.chmodSync(file, mode);
}

// Another copy: what its code does, ours does not know of.
const copy = path.join(folder, 'copy');
for (const file of packageParts()) fs.cpSync(path.join(root, file), path.join(copy, file), { recursive: true });
fs.chmodSync(copy, 0o700);

const actors = await Actors.of(framepipe, folder, users);
const others = await Actors.of(await import(path.join(copy, 'dist/index.js')), folder, users.slice(0, 2));
const workers = Array.from(
  { length: 2 },
  () => new Worker(new URL('worker.js', import.meta.url), { workerData: { folder, users } }),
);
await Promise.all(workers.map((worker) => once(worker, 'message')));

// Ids of all threads are set only while none of them runs script as a client: native code ends the process then.
const setters = [
  () => process.setegid(0),
  () => process.seteuid(0),
  () => process.setuid(0),
  ...(values.broken ? [] : [() => process.setgroups([0])]), // glibc would end the process, as one thread may not
];
const session = new inspector.Session();
session.connect();
const makers = [
  () => void execFileSync('true'),
  () => void new Worker('', { eval: true }),
  () => {
    session.post('Profiler.enable');
    session.post('Profiler.start'); // V8 makes a thread for it
  },
  () => {},
];

/** What a Worker says next but one is what it has counted. */
function begin(worker, task) {
  const said = on(worker, 'message');
  worker.postMessage(task);
  return said;
}

let counted = [];
for (let begun = 0, stage = 0; begun < rounds; stage++) {
  const share = Math.min(400, Math.ceil(rounds / 16));
  const synchronously = stage % 2 === 1;
  begun += share * (synchronously ? 6 : 4);
  const said = workers.map((worker) => begin(worker, { rounds: share, synchronously }));
  const entered = [];
  const all = [actors, others].map((each) => {
    let tell;
    entered.push(new Promise((resolve) => (tell = resolve)));
    return each.asynchronously(share, tell);
  });
  await Promise.all([...entered, ...said.map((messages) => messages.next())]);
  const done = Promise.all([...all, ...said.map(async (messages) => (await messages.next()).value[0])]);
  if (synchronously) {
    await actors.synchronously(share, makers[(stage >> 1) % makers.length]);
    session.post('Profiler.stop');
    if (stage % 4 === 1) await withoutDescriptors(() => actors.synchronously(8));
  } else {
    let busy = true;
    done.finally(() => (busy = false));
    for (let i = 0; busy; i++) {
      setters[i % setters.length]();
      await new Promise(setImmediate);
    }
  }
  counted = (await done).slice(2);
  for (const messages of said) messages.return();
  fs.readFileSync(path.join(folder, 'root')); // this is root again
}

async function withoutDescriptors(act) {
  const taken = [];
  try {
    for (;;) taken.push(fs.openSync('/dev/null'));
  } catch {}
  try {
    await act();
  } finally {
    for (const descriptor of taken) fs.closeSync(descriptor);
  }
}

const counts = [actors.counts, others.counts, ...counted];
const total = (name) => counts.reduce((sum, each) => sum + each[name], 0);
console.log(`${total('right')} right, ${total('unable')} could not be tried, ${total('wrong')} under a wrong identity`);
for (const { first } of counts) if (first) console.log(first);
process.exit(total('wrong') > 0 ? 1 : 0);
