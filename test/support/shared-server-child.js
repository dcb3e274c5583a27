// node shared-server-child.js NAME: one of several servers of a name. Answers who it is; leaves as its input says.
import { once } from 'node:events';
import { framing, listen } from 'framepipe';

const [name] = process.argv.slice(2);
// Few instances: clients have to wait for one, and every server gets some of them.
const server = await listen(name, { exclusive: false, pendingInstances: 2, framing: framing.lines({ as: 'utf8' }) });
const serving = server.serve(async (client) => {
  for await (const question of client) await client.send(`${process.pid} ${question}`);
});
console.log('ready');

const [how] = await once(process.stdin, 'data');
process.stdin.destroy();
switch (String(how)) {
  case 'process.exit()':
    process.exit();
    break;
  case 'close()':
    await server.close();
    break;
  case 'close({ connections: true })':
    await server.close({ connections: true });
}
console.log('closed');
await serving;
