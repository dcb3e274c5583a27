// node unprivileged-server.js NAME: started as root, serves as another user; tells as JSON what runAsClient comes to for
// a client of its own and for one that is root.
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { connect, listen } from 'framepipe';

const USER = 1000;
const name = process.argv[2];
spawn(process.execPath, [fileURLToPath(new URL('client-child.js', import.meta.url)), name], {
  stdio: 'inherit',
});
process.setgroups([]);
process.setgid(USER);
process.setuid(USER);

const server = await listen(name, { access: 'everyone' });
const own = await connect(name);
await own.send(Buffer.from('here I am'));

const result = {};
for await (const client of server) {
  await client.read();
  let called = false;
  try {
    result[client.peer.uid] = {
      sync: await client.runAsClient(() => {
        called = true;
        return process.geteuid();
      }),
      async: await client.runAsClient(async (as) => (await as.stat('/')).isDirectory()),
    };
  } catch ({ code, errno, message }) {
    result[client.peer.uid] = { code, errno, message, called };
  }
  result[client.peer.uid].user = (await client.peerUser()).uid;
  await client.close();
  if (Object.keys(result).length === 2) break;
}
own.destroy();
await server.close();
console.log(JSON.stringify(result));
