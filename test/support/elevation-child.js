// node elevation-child.js serve NAME ACCESS     serves the pipe, and says so, until it is killed
// node elevation-child.js connect NAME OPTIONS  says what connecting comes to: a code, or "welcome" from the server
import { connect, listen } from 'framepipe';

const [task, name, json] = process.argv.slice(2);
if (task === 'serve') {
  const server = await listen(name, { access: JSON.parse(json) });
  console.log('served');
  await server.serve(async (client) => {
    await client.read();
    await client.send(Buffer.from('welcome'));
    await client.closed;
  });
} else {
  try {
    const client = await connect(name, JSON.parse(json));
    await client.send(Buffer.from('hello'));
    console.log(String(await client.read()));
    client.destroy();
  } catch ({ code }) {
    console.log(code);
  }
}
