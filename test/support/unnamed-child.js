// Run by unshare(1) in a user namespace that maps nobody: all users are 65534 there, this one, too.
//   node unnamed-child.js connect NAME OPTIONS   what connecting comes to: a code, or what the server answered to "who am I?"
//   node unnamed-child.js serve NAME ACCESS      answers each client with what acting as it comes to, until its input ends
import { connect, listen } from 'framepipe';

const [what, name, json] = process.argv.slice(2);
if (what === 'connect') {
  try {
    const pipe = await connect(name, JSON.parse(json));
    await pipe.send(Buffer.from('who am I?'));
    console.log(String(await pipe.read()));
    pipe.destroy();
  } catch ({ code }) {
    console.log(code);
  }
} else {
  const server = await listen(name, { access: JSON.parse(json) });
  server.serve(async (client) => {
    await client.read();
    const user = await client
      .runAsClient((as) => as.user())
      .then(
        ({ uid }) => `acted as ${uid}`,
        ({ code }) => code,
      );
    await client.send(Buffer.from(user));
    await client.read();
  });
  console.log('serving');
  for await (const _ of process.stdin);
  await server.close({ connections: true });
}
