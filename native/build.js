// Builds the addon for this system: build/Release/framepipe.node. What is missing to do so, it says in one line.
//   node native/build.js [OPTION OF NODE-GYP]...
//   node native/build.js --if-missing     only if there is no addon yet, built or prebuilt
import { spawnSync } from 'node:child_process';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const require = createRequire(import.meta.url);
const options = process.argv.slice(2);

if (options[0] !== '--if-missing' || !isBuilt()) process.exitCode = build();

function isBuilt() {
  try {
    require('node-gyp-build').path(root);
    return true;
  } catch {
    return false;
  }
}

function build() {
  const missing = process.platform === 'win32' ? [] : missingTools();
  if (missing.length > 0) {
    console.error(
      `framepipe's addon is compiled in a clone, and this machine has no ${missing.join(', no ')} ` +
        '(Debian: apt-get install g++ make python3)',
    );
    return 1;
  }
  const nodeGyp = require.resolve('node-gyp/bin/node-gyp.js');
  const command = [
    nodeGyp,
    'configure',
    'build',
    '--jobs',
    'max',
    ...options.filter((option) => option !== '--if-missing'),
  ];
  const { status, signal } = spawnSync(process.execPath, command, { cwd: root, stdio: 'inherit' });
  if (status === 0) return 0;
  const needed =
    process.platform === 'win32' ? 'Visual Studio with C++ and Python' : 'a C++20 compiler, make and Python';
  console.error(
    `framepipe's addon could not be built (${signal ?? status}): what node-gyp says is above; it needs ${needed}`,
  );
  return 1;
}

/** What node-gyp will look for and not find, in words. */
function missingTools() {
  const { CXX, npm_config_python, NODE_GYP_FORCE_PYTHON, PYTHON } = process.env;
  const tools = {
    'C++ compiler': CXX ? [CXX.split(' ')[0]] : ['g++', 'c++'],
    make: ['make', 'gmake'],
    Python: [NODE_GYP_FORCE_PYTHON, npm_config_python, PYTHON, 'python3', 'python'].filter(Boolean),
  };
  return Object.keys(tools).filter((tool) => !tools[tool].some(runs));
}

function runs(command) {
  return spawnSync(command, ['--version'], { stdio: 'ignore' }).status === 0;
}
