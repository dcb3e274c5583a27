// The package as npm's users get it: packed, installed into an empty folder, used.
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { buildTypeScript, buildWindows, prebuildLinux } from './build.js';
import { must, root, run } from './command.js';

const echo = (name) => `
async function main({ listen, connect }) {
  const server = await listen('${name}-' + process.pid);
  server.serve(async (client) => {
    for await (const frame of client) await client.send(frame);
  });
  const pipe = await connect('${name}-' + process.pid);
  await pipe.send(Buffer.from('echo'));
  console.log(String(await pipe.read()), process.platform);
  await pipe.close();
  await server.close({ connections: true });
}
`;

const http = `
import { createServer, get } from 'node:http';
import { PipeAgent, serveHttp } from 'framepipe/http';
const name = 'http-' + process.pid;
const served = await serveHttp(createServer((_request, response) => response.end('echo')), name);
const agent = new PipeAgent(name);
get({ agent }, (response) => {
  response.on('data', (text) => console.log(String(text), process.platform));
  response.on('end', () => served.close());
});
`;

/** Scripts that use the package and print "echo" and the platform. */
const scripts = {
  'esm.mjs': `import * as framepipe from 'framepipe';\n${echo('esm')}await main(framepipe);\n`,
  'commonjs.cjs': `${echo('commonjs')}main(require('framepipe'));\n`,
  'http.mjs': http,
  // Electron and packaged programs load the addon into a program that is not called node.exe.
  'renamed.cjs': `
const { copyFileSync } = require('node:fs');
const { spawnSync } = require('node:child_process');
copyFileSync(process.execPath, 'renamed.exe');
const { status, stdout, stderr } = spawnSync('./renamed.exe', ['commonjs.cjs'], { encoding: 'utf8' });
process.stderr.write(stderr);
process.stdout.write(stdout);
process.exitCode = status ?? 1;
`,
};

/** Paths of the files that npm would publish. */
export async function packedFiles() {
  const output = await must('npm', ['pack', '--dry-run', '--json', '--ignore-scripts', '--loglevel=error']);
  return JSON.parse(output)[0].files.map(({ path }) => path);
}

/** Packs the package and installs it into a new folder with nothing but node, npm and sh in reach. */
export async function installPackage() {
  const folder = mkdtempSync(`${tmpdir()}/framepipe-package-`);
  const output = await must('npm', [
    'pack',
    '--json',
    '--ignore-scripts',
    '--loglevel=error',
    `--pack-destination=${folder}`,
  ]);
  const [{ filename }] = JSON.parse(output);

  const bin = `${folder}/bin`;
  mkdirSync(bin);
  for (const program of ['node', 'npm', 'sh']) {
    symlinkSync((await must('sh', ['-c', `command -v ${program}`])).trim(), `${bin}/${program}`);
  }
  const app = `${folder}/app`;
  mkdirSync(app);
  writeFileSync(`${app}/package.json`, '{ "private": true }');
  for (const [name, text] of Object.entries(scripts)) writeFileSync(`${app}/${name}`, text);
  const env = { PATH: bin };
  await must('npm', ['install', '--prefer-offline', '--loglevel=error', `../${filename}`], { cwd: app, env });
  return { app, env, remove: () => rmSync(folder, { recursive: true, force: true }) };
}

/** The phase for Windows: each script in each Node under Wine. */
export async function packageInWine(nodes) {
  await buildTypeScript();
  await prebuildLinux();
  await buildWindows();
  const count = { passed: 0, failed: 0 };
  const { app, remove } = await installPackage();
  for (const node of nodes) {
    for (const script of Object.keys(scripts)) {
      const { code, output } = await run(`${root}/native/cross/winnode`, ['-v', node, script], {
        cwd: app,
        output: 'collect',
        minutes: 2,
      });
      const ok = code === 0 && output.trim() === 'echo win32';
      console.log(`${ok ? 'ok  ' : `FAIL (${code})`} ${script}, Node ${node}${ok ? '' : `\n${output}`}`);
      count[ok ? 'passed' : 'failed']++;
    }
  }
  remove();
  return count;
}
