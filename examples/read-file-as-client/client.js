// Starts four client processes. Each lets the server prove itself, asks for a file, and prints what it gets.
// Microsoft's C# server of "How to: Use Named Pipes for Network Interprocess Communication" can be the other side.
//
//   node client.js FILE [--pipe NAME] [--clients N]
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { connect, framing } from 'framepipe';

const SIGNATURE = 'I am the one true server!';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    pipe: { type: 'string', default: 'testpipe' },
    clients: { type: 'string', default: '4' },
    spawnclient: { type: 'boolean', default: false },
  },
});
const [fileName] = positionals;
if (!fileName) {
  console.error('usage: node client.js FILE [--pipe NAME] [--clients N]');
  process.exit(2);
}
if (values.spawnclient) await askFor(fileName);
else await startClients(Number(values.clients));

async function askFor(fileName) {
  const pipe = await connect(values.pipe, {
    framing: framing.streamString(),
    waitForServer: true,
    impersonation: 'impersonation', // the server may act as us: that is how it reads our file
  });
  if ((await pipe.read()) === SIGNATURE) {
    await pipe.send(fileName);
    console.log(await pipe.read());
  } else {
    console.error('Server could not be verified.');
    process.exitCode = 1;
  }
  await pipe.close();
}

async function startClients(count) {
  console.log('\n*** Named pipe client with impersonation example ***\n');
  console.log('Spawning client processes...\n');
  const program = fileURLToPath(import.meta.url);
  const processes = Array.from({ length: count }, () =>
    spawn(process.execPath, [program, '--spawnclient', '--pipe', values.pipe, fileName], { stdio: 'inherit' }),
  );
  for (const client of processes) {
    const [code] = client.exitCode === null ? await once(client, 'exit') : [client.exitCode];
    console.log(`Client process ${client.pid} has exited (${code}).`);
    if (code !== 0) process.exitCode = 1;
  }
  console.log('\nClient processes finished, exiting.');
}
