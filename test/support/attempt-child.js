// node attempt-child.js UID NAME [OPTIONS [GROUPS]], both as JSON: what connecting as that user comes to, as a line of JSON:
// { code, message } of the failure, or { echo } of what the server answered to "who am I?".
import { connect } from 'framepipe';

const [uid, name, options = '{}', groups = `[${uid}]`] = process.argv.slice(2);
// Only now: Node and this repository may be where nobody else may look.
process.setgroups(JSON.parse(groups));
process.setgid(Number(uid));
process.setuid(Number(uid));
try {
  const pipe = await connect(name, JSON.parse(options));
  await pipe.send(Buffer.from('who am I?'));
  console.log(JSON.stringify({ echo: String(await pipe.read()) }));
  pipe.destroy();
} catch ({ code, message }) {
  console.log(JSON.stringify({ code, message }));
}
