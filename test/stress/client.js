// node clients.js PIPE USER: a client of that user, which stays until the server closes.
import { connect } from '../../dist/index.js';

const [name, user] = process.argv.slice(2);
process.setgroups([]);
process.setgid(Number(user));
process.setuid(Number(user));
const pipe = await connect(name, { waitForServer: true });
await pipe.send(Buffer.from(user));
for await (const _ of pipe);
