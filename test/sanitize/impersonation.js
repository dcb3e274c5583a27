// Acting as clients, every operation, well and badly, until nothing is left.
import { spawn } from 'node:child_process';
import { chmodSync, closeSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { connect, listen } from 'framepipe';

const name = `framepipe-sanitize-${process.pid}`;
const folder = mkdtempSync(join(tmpdir(), 'framepipe-sanitize-'));
chmodSync(folder, 0o777);
const server = await listen(name, { access: 'everyone' });
const connections = server[Symbol.asyncIterator]();

async function exercise(as) {
  const at = mkdtempSync(join(folder, 'for-'));
  const ignore = () => {};
  for (let i = 0; i < 20; i++) {
    await as.mkdir(join(at, 'a', 'b'), { recursive: true }).catch(ignore);
    await as.writeFile(join(at, 'a', 'b', 'c'), Buffer.alloc(100_000)).catch(ignore);
    await as.readFile(join(at, 'a', 'b', 'c')).catch(ignore);
    await as.readFile(process.execPath).catch(ignore);
    await as.readdir(folder, { withFileTypes: true }).catch(ignore);
    await as.open(process.execPath).then(closeSync, ignore);
    await as.stat(join(at, 'none')).catch(ignore);
    await as.access(at, 7).catch(ignore);
    await as.rename(join(at, 'a'), join(at, 'd')).catch(ignore);
    await as.rm(at, { recursive: true, force: true }).catch(ignore);
    await as.user();
  }
}

async function serve() {
  const { value: client } = await connections.next();
  await client.read();
  for (let i = 0; i < 20; i++) {
    await client.runAsClient(() => process.geteuid());
    await client
      .runAsClient(() => {
        throw new Error('mine');
      })
      .catch(() => {});
  }
  await client.runAsClient(exercise);
  await client.peerUser();
  client.runAsClient((as) => as.readdir('/')).catch(() => {}); // the end comes first
  await client.close();
}

const own = await connect(name);
await own.send(Buffer.from('here I am'));
await serve();
await own.close();

if (process.getuid() === 0) {
  const script = fileURLToPath(new URL('../support/client-child.js', import.meta.url));
  const user = JSON.stringify({ uid: 12345, gid: 12346, groups: [777] });
  spawn(process.execPath, [script, name, user], { stdio: 'inherit' });
  await serve();
}
await server.close();
rmSync(folder, { recursive: true });
