// node hanging-pipe-child.js MODE PIPE : Windows: an operation reads PIPE, whose server says nothing; ends beside it. MODE: terminate
// ends a Worker, exit this process.
import { once } from 'node:events';
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';

const [mode, pipe] = isMainThread ? process.argv.slice(2) : workerData;

async function begin(begun) {
  const { connect, listen } = await import('framepipe');
  const name = `framepipe-hanging-${process.pid}`;
  const server = await listen(name);
  const client = await connect(name, { impersonation: 'impersonation' });
  await client.send(Buffer.from('here I am'));
  for await (const connection of server) {
    await connection.read();
    await connection.runAsClient(async (as) => {
      const read = as.readFile(pipe, { special: true });
      await connection.runAsClient((again) => again.user());
      begun();
      await read;
    });
  }
}

if (mode === 'terminate') {
  const worker = new Worker(new URL(import.meta.url), { workerData: ['work', pipe] });
  await once(worker, 'message');
  await worker.terminate();
} else {
  await begin(mode === 'work' ? () => parentPort.postMessage('begun') : () => process.exit(7));
}
