// node many-users-child.js NAME COUNT FIRST: as root on Linux, so many connections, each as a user and a group of its own, from FIRST on.
// Each sends one frame and stays until the server closes.
import { connect } from 'framepipe';

const [name, count, first] = process.argv.slice(2);
const pipes = [];
for (let i = 0; i < Number(count); i++) {
  const user = Number(first) + i;
  process.setgroups([]);
  process.setegid(user);
  process.seteuid(user);
  const pipe = await connect(name, { waitForServer: true });
  await pipe.send(Buffer.from(String(user)));
  pipes.push(pipe);
  process.seteuid(0);
}
await Promise.all(pipes.map((pipe) => pipe.closed));
