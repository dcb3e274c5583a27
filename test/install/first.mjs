// node first.mjs [MODULE] : a first program with framepipe (or the module at that path): frames both ways, small and large,
// who the peer is, a file read as the client, an error. Prints "ok", the system and the version of Node.js. With
// WITHOUT_GROUPS=1 nobody is acted as: qemu does not tell a peer's groups (SO_PEERGROUPS).
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { fileURLToPath, pathToFileURL } from 'node:url';

const { listen, connect, framing } = await import(process.argv[2] ? pathToFileURL(process.argv[2]).href : 'framepipe');
const name = `first-${process.pid}`;
const file = fileURLToPath(import.meta.url);

const server = await listen(name);
const served = server.serve(async (client) => {
  for await (const frame of client) {
    if (frame.length > 0) await client.send(frame);
    else await client.send(await client.runAsClient((as) => as.readFile(file)));
  }
});
const clients = await Promise.all(Array.from({ length: 20 }, () => connect(name, { impersonation: 'impersonation' })));
for (const [index, pipe] of clients.entries()) {
  const frame = Buffer.alloc(10 ** (index % 7), index + 1);
  await pipe.send(frame);
  assert.deepEqual(await pipe.read(), frame);
  assert.equal(pipe.peer.pid, process.pid);
}
if (!process.env.WITHOUT_GROUPS) {
  await clients[0].send(Buffer.alloc(0));
  assert.deepEqual(await clients[0].read(), readFileSync(file));
}
await assert.rejects(connect(`${name}-nobody`), { code: 'ENOENT' });
await Promise.all(clients.map((pipe) => pipe.close()));
await server.close({ connections: true });
await served;

const lines = await listen(name, { framing: framing.lines({ as: 'utf8' }) });
lines.serve(async (client) => client.sendMany(['Grüße', '世界']));
const pipe = await connect(name, { framing: framing.lines({ as: 'utf8' }) });
const got = [];
for await (const line of pipe) got.push(line);
assert.deepEqual(got, ['Grüße', '世界']);
await lines.close({ connections: true });

console.log(`ok ${process.platform}-${process.arch} ${process.version}`);
