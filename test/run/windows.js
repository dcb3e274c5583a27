// What runs on Linux for Windows: the same suite, in Windows' own Node under Wine (see native/cross/README.md).
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { buildRunAs, buildTypeScript, buildWindows, buildWitness } from './build.js';
import { must, needPackages, root, run } from './command.js';
import { win32Loop } from './native.js';
import { packageInWine } from './package.js';
import { Failure } from './report.js';
import { vitest } from './vitest.js';
import { wineTests } from './wine.js';

const notUnderWine = [
  'clients on other machines (host, allowRemote)',
  'file permissions, integrity levels, service accounts, UAC',
  "a build by Microsoft's compiler (its syntax is checked), and Windows' own speed",
];

export function windowsPhases({ nodes, vitest: filters }) {
  return [
    { name: 'msvc', title: "Windows sources in the manner of Microsoft's compiler", run: msvc },
    { name: 'win32', title: 'the loop for Windows without Node (Wine), under UBSan', run: win32Loop },
    { name: 'wine', title: "what Wine's own tests of pipes expect of Windows", run: wine },
    ...nodes.map((version) => ({
      name: 'vitest',
      title: `vitest on Windows (Wine), Node ${version}`,
      run: () => suite(version, filters),
    })),
    { name: 'package', title: 'the npm package in Windows (Wine)', run: () => packageInWine(nodes) },
  ];
}

// Wine ends with it.
const WITHOUT_TMPDIR = { TMPDIR: undefined };

const winnode = (version) => ['native/cross/winnode', '-v', version];

async function msvc() {
  needPackages('clang-14');
  const { output, code } = await run('native/cross/msvc-check.sh', [], { output: 'collect' });
  const [, passed, failed] = /(\d+) passed, (\d+) failed\s*$/.exec(output) ?? [];
  if (code !== 0) console.log(output.trimEnd());
  return passed === undefined ? { failed: 1 } : { passed: Number(passed), failed: Number(failed) };
}

async function wine() {
  const rig = await findRig();
  await whichWine(rig);
  return wineTests(rig, { WINEPREFIX: `${rig}/prefix`, ...WITHOUT_TMPDIR });
}

async function suite(version, filters) {
  await buildTypeScript();
  await buildWindows();
  await buildRunAs();
  await buildWitness();
  const rig = await findRig();
  await windowsHalf(rig, '@rolldown/binding-win32-x64-msvc');
  await windowsHalf(rig, 'lightningcss-win32-x64-msvc');
  const which = await whichWine(rig);
  const count = await vitest(winnode(version), filters, { env: { FRAMEPIPE_WINE: which } });
  console.log(`Not asserted under Wine: ${notUnderWine.join('; ')}.`);
  if (which === 'stock')
    console.log('Not asserted, because this Wine lacks it: access rights on pipes, impersonation.');
  return count;
}

async function findRig() {
  const { output, code } = await run('native/cross/rig/setup.sh', [], {
    output: 'collect',
    minutes: 20,
    env: WITHOUT_TMPDIR,
  });
  const lines = output.trimEnd().split('\n');
  if (lines.length > 1 || code !== 0) console.log(output.trimEnd());
  if (code !== 0) throw new Failure('could not set up the Windows rig');
  return lines.at(-1);
}

/** Says which Wine this is: 'patched' if it checks access rights on pipes, else 'stock'. */
async function whichWine(rig) {
  const wine = `${rig}/wine/bin/wine`;
  const env = { WINEPREFIX: `${rig}/prefix`, ...WITHOUT_TMPDIR };
  const name = (await must(wine, ['--version'], { env })).trim();
  // Dropped, not collected: the services that the first Wine program starts keep its stdout open.
  const { code } = await run(wine, [`${rig}/pipe-security.exe`], { env, output: 'drop' });
  console.log(`${name}, pipe security ${code === 0 ? 'enforced (our patch)' : 'NOT enforced (stock Wine)'}`);
  return code === 0 ? 'patched' : 'stock';
}

// vitest's own addons exist for each system as optional dependencies, of which npm installs this system's. The other
// half is put beside it, without a word in package.json: the version and the hash are those of package-lock.json.
async function windowsHalf(rig, name) {
  const place = `${root}/node_modules/${name}`;
  const { version, integrity } = JSON.parse(readFileSync(`${root}/package-lock.json`, 'utf8')).packages[
    `node_modules/${name}`
  ];
  const has = (folder) =>
    existsSync(`${folder}/package.json`) &&
    JSON.parse(readFileSync(`${folder}/package.json`, 'utf8')).version === version;
  if (has(place)) return;

  const kept = `${rig}/npm/${name}-${version}`;
  if (!has(kept)) {
    const folder = mkdtempSync(`${tmpdir()}/framepipe-`);
    const [packed] = JSON.parse(
      await must('npm', ['pack', '--json', '--loglevel=error', `${name}@${version}`], { cwd: folder }),
    );
    if (packed.integrity !== integrity) throw new Failure(`${name}@${version} is not what package-lock.json expects`);
    await must('tar', ['xzf', packed.filename], { cwd: folder });
    mkdirSync(`${kept}/..`, { recursive: true });
    cpSync(`${folder}/package`, kept, { recursive: true });
    rmSync(folder, { recursive: true });
  }
  // Copied beside and renamed: another run may be reading.
  const beside = `${place}.${process.pid}`;
  cpSync(kept, beside, { recursive: true });
  rmSync(place, { recursive: true, force: true });
  renameSync(beside, place);
}
