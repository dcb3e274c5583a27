// node client-child.js NAME [IDS] [LEVEL]: a client in a process of its own. IDS: Linux, as whom it connects, as JSON
// { uid, gid, groups }. It sends one frame and stays until the server closes.
import { connect } from 'framepipe';

const [name, ids = '', impersonation = 'impersonation'] = process.argv.slice(2);
if (ids) {
  // Only now: Node and this repository may be where nobody else may look.
  const { uid, gid, groups } = JSON.parse(ids);
  process.setgroups(groups);
  process.setgid(gid);
  process.setuid(uid);
}
const pipe = await connect(name, { impersonation, waitForServer: true });
await pipe.send(Buffer.from('here I am'));
for await (const _ of pipe);
