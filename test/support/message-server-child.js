// node message-server-child.js WITNESS PATH: a server of messages that is no framepipe, whose thread may wait for what it reads.
// Says "up"; told "write", it writes two messages and its end; told "read", it reads to the end of its client, says how much that was,
// and keeps its handle.
import { createRequire } from 'node:module';

const [witness, path] = process.argv.slice(2);
const native = createRequire(import.meta.url)(witness);
const [DUPLEX, MESSAGES, UNLIMITED] = [3, 6, 255];
const pipe = native.createPipe(path, DUPLEX, MESSAGES, UNLIMITED, '');
if (pipe < 0) throw new Error(`Windows' error ${-pipe}`);

process.stdin.on('data', (order) => {
  if (String(order).startsWith('write')) {
    for (const message of ['a'.repeat(1500), 'last', '']) native.write(pipe, Buffer.from(message));
    console.log('written');
  } else {
    const into = Buffer.alloc(1 << 20);
    let bytes = 0;
    let got = native.read(pipe, into);
    for (; got > 0; got = native.read(pipe, into)) bytes += got;
    console.log(`${bytes} bytes, then ${got}`);
  }
});
console.log('up');
