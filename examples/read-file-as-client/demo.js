// Runs the example: a server, and four client processes that ask it for a file.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const here = (file) => fileURLToPath(new URL(file, import.meta.url));
const folder = await mkdtemp(path.join(tmpdir(), 'framepipe-demo-'));
const file = path.join(folder, 'textfile.txt');
await writeFile(file, 'Files are read as the client: its rights decide, not the server’s. – Grüße, 世界!\n');

const pipe = `framepipe-demo-${process.pid}`;
const run = (...args) => spawn(process.execPath, args, { stdio: 'inherit' });
const server = run(here('server.js'), '--pipe', pipe, '--clients', '4');
const client = run(here('client.js'), file, '--pipe', pipe);

const [serverEnd, clientEnd] = await Promise.all([once(server, 'exit'), once(client, 'exit')]);
await rm(folder, { recursive: true });
process.exitCode = serverEnd[0] === 0 && clientEnd[0] === 0 ? 0 : 1;
