// What programs that use framepipe are tested, compiled, bundled and run with, each in the way that docs/api.md says
// under "Loading": files, commands in a folder that has them installed, and what the last one prints.
const program = (head) => `${head}
(async () => {
  const name = 'tool-' + process.pid;
  const server = await listen(name);
  server.serve(async (client) => {
    for await (const frame of client) await client.send(frame);
  });
  const pipe = await connect(name);
  await pipe.send(Buffer.from('echo'));
  console.log(String(await pipe.read()));
  await pipe.close();
  await server.close({ connections: true });
})();
`;
const unitTest = (head) => `${head}
test('echo', async () => {
  const name = 'tool-' + process.pid;
  const server = await listen(name);
  server.serve(async (client) => client.send(await client.runAsClient((as) => as.readFile(Buffer.from(file)))));
  const pipe = await connect(name, { impersonation: 'impersonation' });
  expect(String(await pipe.read())).toContain('echo');
  await expect(connect(name + '-absent')).rejects.toMatchObject({ name: 'PipeError', code: 'ENOENT' });
  await pipe.close();
  await server.close({ connections: true });
});
`;

const IMPORT = "import { listen, connect } from 'framepipe';";
const REQUIRE = "const { listen, connect } = require('framepipe');";
const FROM_EXECUTABLE = `const { createRequire } = require('node:module');
const { listen, connect } = createRequire(process.execPath)('framepipe');`;

/** Files of all of them. */
export const files = {
  'program.mjs': program(IMPORT),
  'program.cjs': program(REQUIRE),
  'program.ts': program(IMPORT),
  'program16.ts': program('').replace(
    'const name',
    "const { listen, connect } = await import('framepipe');\n  const name",
  ),
  'executable.cjs': program(FROM_EXECUTABLE),
  'copy.cjs': "require('node:fs').copyFileSync(process.execPath, 'executable');",
  'sea.json': '{ "main": "executable.cjs", "output": "sea.blob", "disableExperimentalSEAWarning": true }',
  'vite.config.mjs':
    "export default { build: { ssr: 'program.mjs', outDir: 'vite', rollupOptions: { external: ['framepipe'] } } };",
  'webpack.config.cjs': `
module.exports = {
  entry: './program.mjs',
  target: 'node',
  mode: 'production',
  output: { path: __dirname, filename: 'webpack.cjs' },
  externals: { framepipe: 'commonjs framepipe' },
};`,
  'vitest/echo.test.mjs': unitTest(
    `import { expect, test } from 'vitest';\n${IMPORT}\nconst file = import.meta.filename;`,
  ),
  'jest-esm/package.json': '{ "type": "module" }',
  'jest-esm/echo.test.js': unitTest(`${IMPORT}\nconst file = import.meta.filename;`),
  'jest-cjs/package.json': '{}',
  'jest-cjs/echo.test.js': unitTest(`${REQUIRE}\nconst file = __filename;`),
};

const ECHO = /^echo$/m;
const ESBUILD = ['esbuild@0.28.2'];
const TYPESCRIPT = ['typescript@5.9.3', '@types/node@20'];
const TSC = 'tsc --target es2022 --lib es2023 --types node --strict';
const FUSE = 'NODE_SEA_FUSE_fce680ab2cc467b6e072b8b5df1996b2';

const tool = (name, packages, prints, ...lines) => ({
  name,
  packages,
  prints,
  commands: lines.map((line) => line.split(' ')),
  fails: false,
});
const refused = (...args) => ({ ...tool(...args), fails: true });

/** Each with npm packages, commands, and what the last command prints. Those that cannot work fail with the advice. */
export const tools = [
  tool(
    'esbuild, ES modules',
    ESBUILD,
    ECHO,
    'esbuild program.mjs --bundle --platform=node --format=esm --external:framepipe --outfile=esbuild.mjs',
    'node esbuild.mjs',
  ),
  tool(
    'esbuild, CommonJS',
    ESBUILD,
    ECHO,
    'esbuild program.cjs --bundle --platform=node --external:framepipe --outfile=esbuild.cjs',
    'node esbuild.cjs',
  ),
  refused(
    'esbuild, framepipe inside',
    ESBUILD,
    /framepipe was bundled .* --external:framepipe/,
    'esbuild program.mjs --bundle --platform=node --format=esm --outfile=inside.mjs',
    'node inside.mjs',
  ),
  tool('webpack', ['webpack@5', 'webpack-cli@7'], ECHO, 'webpack', 'node webpack.cjs'),
  tool('rollup', ['rollup@4'], ECHO, 'rollup program.mjs --external framepipe -o rollup.mjs', 'node rollup.mjs'),
  tool('vite', ['vite@8'], ECHO, 'vite build', 'node vite/program.mjs'),
  tool('vitest', ['vitest@4'], /Tests +1 passed/, 'vitest run vitest'),
  tool('vitest, sandboxed', ['vitest@4'], /Tests +1 passed/, 'vitest run --pool=vmForks vitest'),
  tool('jest, ES modules', ['jest@30'], /^Tests: +1 passed/m, 'jest --rootDir=jest-esm'),
  tool('jest, CommonJS', ['jest@30'], /^Tests: +1 passed/m, 'jest --rootDir=jest-cjs'),
  tool(
    'TypeScript to CommonJS, nodenext',
    TYPESCRIPT,
    ECHO,
    `${TSC} --module nodenext --outDir nodenext program.ts`,
    'node nodenext/program.js',
  ),
  tool(
    'TypeScript to CommonJS, node16',
    TYPESCRIPT,
    ECHO,
    `${TSC} --module node16 --outDir node16 program16.ts`,
    'node node16/program16.js',
  ),
  tool(
    'TypeScript to CommonJS, node10',
    TYPESCRIPT,
    ECHO,
    `${TSC} --module commonjs --moduleResolution node10 --outDir node10 program.ts`,
    'node node10/program.js',
  ),
  tool(
    'a single executable',
    ['postject@1.0.0-alpha.6'],
    ECHO,
    'node --experimental-sea-config sea.json',
    'node copy.cjs',
    `postject executable NODE_SEA_BLOB sea.blob --sentinel-fuse ${FUSE}`,
    './executable',
  ),
  refused(
    'Bun',
    ['bun@1.4.5'],
    /^error: framepipe does not run in Bun/m,
    'node node_modules/bun/install.js',
    'bun program.mjs',
  ),
  refused('Deno', ['deno@2.9.6'], /framepipe does not run in Deno/, 'deno run -A program.mjs'),
];
