// A server, as root, whose client asks for what only root may read, while the ids of all threads are set: by
// process.set*id(), or by a second copy of the package (its folder) which takes back a thread that its client made.
// Prints how many reads succeeded, and how many were tried.
import { spawn } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
import { listen } from '../../dist/index.js';

const [, , how, folder, name] = process.argv;
const client = fileURLToPath(new URL('client-child.js', import.meta.url));
const secrets = ['user', 'group'].map((whose) => path.join(folder, `of-root-${whose}`));
for (const secret of secrets) fs.writeFileSync(secret, 'secret');
fs.chmodSync(secrets[0], 0o600);
fs.chmodSync(secrets[1], 0o640);

async function clientOf(package_, pipe, user) {
  const server = await package_.listen(pipe, { access: 'everyone' });
  const child = spawn(process.execPath, [client, pipe, JSON.stringify({ ...user, groups: [] })], { stdio: 'ignore' });
  process.on('exit', () => child.kill('SIGKILL'));
  const { value: connection } = await server[Symbol.asyncIterator]().next();
  await connection.read();
  return connection;
}

const asked = await clientOf({ listen }, name, { uid: 12345, gid: 12345 });
const setters = {
  setegid: () => process.setegid(0),
  seteuid: () => process.seteuid(0),
  setuid: () => process.setuid(0),
  setgroups: () => process.setgroups([]),
};
let set = setters[how];
let rounds = 40;
if (how === 'copy') {
  const other = await clientOf(await import(path.join(folder, 'dist/index.js')), `${name}-2`, {
    uid: 23456,
    gid: 23456,
  });
  set = async () => (await other.runAsClient(() => new Worker('', { eval: true }))).terminate();
  rounds = 15;
}

let [read, tried] = [0, 0];
const ask = (as, secret) => {
  tried++;
  return as.readFile(secret).then(
    () => read++,
    () => {},
  );
};
for (let round = 0; round < rounds; round++) {
  let asking = true;
  const asks = asked.runAsClient(async (as) => {
    for (let i = 0; i < 10; i++) await Promise.all(Array.from({ length: 40 }, (_, j) => ask(as, secrets[j % 2])));
  });
  asks.finally(() => (asking = false));
  do {
    await set();
    await new Promise(setImmediate);
  } while (asking);
  await asks;
}
console.log(`${read} of ${tried}`);
process.exit();
