// node peer-child.js ROLE NAME: the other side, in a process (or worker) of its own, to be killed.
import { connect, listen } from 'framepipe';

const [role, name] = process.argv.slice(2);

async function sendForEver(connection) {
  for (;;) await connection.send(Buffer.alloc(1000));
}

const roles = {
  async 'client-idle'() {
    await connect(name);
  },
  async 'client-sending'() {
    await sendForEver(await connect(name));
  },
  async 'client-reading'() {
    for await (const _ of await connect(name));
  },
  async 'server-idle'() {
    return listen(name);
  },
  async 'server-sending'() {
    const server = await listen(name);
    server.serve(sendForEver, { onError() {} });
  },
  async 'server-reading'() {
    const server = await listen(name);
    server.serve(async (client) => {
      for await (const _ of client);
    });
  },
};

const running = roles[role]();
if (role.startsWith('server')) await running;
console.log('ready');
await running.catch(() => {});
setInterval(() => {}, 1000);
