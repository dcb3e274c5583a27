// node farewell-child.js NAME HOW: sends five lines while it exits.
import { connect, framing } from '../../dist/index.js';

const [, , name, how] = process.argv;
const pipe = await connect(name, { framing: framing.lines({ as: 'utf8' }) });
process.on('exit', () => {
  if (how === 'sendMany') pipe.sendMany(Array.from({ length: 5 }, (_, i) => `bye ${i}`));
  else for (let i = 0; i < 5; i++) pipe.send(`bye ${i}`);
});
if (how === 'delivery') await pipe.read();
if (how === 'throw') throw new Error('on purpose');
if (how === 'naturally') pipe.unref();
else process.exit(0);
