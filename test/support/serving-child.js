// node serving-child.js UID NAME: serves everybody as that user, until its input ends; then it says what it heard.
import { framing, listen } from 'framepipe';

const [uid, name] = process.argv.slice(2);
// Only now: Node and this repository may be where nobody else may look.
process.setgroups([]);
process.setgid(Number(uid));
process.setuid(Number(uid));
const server = await listen(name, { access: 'everyone', framing: framing.raw() });
console.log('serving');
let heard = '';
const serving = server.serve(async (client) => {
  for await (const bytes of client) heard += bytes;
});
for await (const _ of process.stdin);
await server.close({ connections: true });
await serving;
console.log(`heard ${JSON.stringify(heard)}`);
