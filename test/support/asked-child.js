// Does what each line of its input says, and answers each with a line, in the same order:
//   {"serve": NAME, "access": …}      "served"; it is served until the process ends
//   {"connect": NAME, "options": {…}} what connecting comes to: a code, or "welcome" from the server
import { createInterface } from 'node:readline';
import { connect, listen } from 'framepipe';

for await (const line of createInterface({ input: process.stdin })) {
  const task = JSON.parse(line);
  console.log('serve' in task ? await serve(task) : await attempt(task));
}
process.exit();

async function serve({ serve: name, access }) {
  const server = await listen(name, { access });
  const welcome = async (client) => {
    if ((await client.read()) !== null) await client.send(Buffer.from('welcome'));
    await client.closed;
  };
  void server.serve(welcome, { onError: () => {} });
  return 'served';
}

async function attempt({ connect: name, options }) {
  try {
    const client = await connect(name, options);
    await client.send(Buffer.from('hello'));
    const said = String(await client.read());
    client.destroy();
    return said;
  } catch ({ code }) {
    return code;
  }
}
