// A Worker of identity.js: acts as clients of its own, as many rounds as it is told to.
import { parentPort, workerData } from 'node:worker_threads';
import * as framepipe from '../../dist/index.js';
import { Actors } from './actors.js';

const actors = await Actors.of(framepipe, workerData.folder, workerData.users);
parentPort.on('message', async ({ rounds, synchronously }) => {
  await actors.asynchronously(rounds, () => parentPort.postMessage('begun'));
  if (synchronously) await actors.synchronously(rounds);
  parentPort.postMessage(actors.counts);
});
parentPort.postMessage('ready');
