// The types that users get: compiled as they compile, from an installed package. (On Linux only: TypeScript's compiler
// is a program of its own.)
import { cp, mkdir, readFile, symlink, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { root, run, temporaryFolder } from './support/programs.ts';

const settings = {
  target: 'es2022',
  lib: ['es2022'],
  types: ['node'],
  strict: true,
  exactOptionalPropertyTypes: true,
  noUncheckedIndexedAccess: true,
  skipLibCheck: true,
};
const resolutions = {
  nodenext: { module: 'nodenext' },
  bundler: { module: 'preserve', moduleResolution: 'bundler' },
};

/** What tsc has to say to a program that has framepipe installed; nothing, if all is well. */
async function compile(program: string, options: object): Promise<string> {
  const folder = await temporaryFolder();
  const installed = path.join(folder, 'node_modules/framepipe');
  await mkdir(installed, { recursive: true });
  await cp(path.join(root, 'package.json'), path.join(installed, 'package.json'));
  await cp(path.join(root, 'dist'), path.join(installed, 'dist'), { recursive: true });
  for (const other of ['vitest', '@types']) {
    await symlink(path.join(root, 'node_modules', other), path.join(folder, 'node_modules', other));
  }
  const config = { compilerOptions: { ...settings, ...options, outDir: 'out' }, files: ['program.ts'] };
  await writeFile(path.join(folder, 'tsconfig.json'), JSON.stringify(config));
  await writeFile(path.join(folder, 'package.json'), '{ "type": "module" }');
  await writeFile(path.join(folder, 'program.ts'), program);
  const tsc = run(process.execPath, [path.join(root, 'node_modules/typescript/bin/tsc'), '-p', folder]);
  const code = await tsc.ended;
  return code === 0 ? tsc.output : `${tsc.output}exit code ${code}`;
}

const source = (name: string): Promise<string> => readFile(path.join(root, 'test/types', name), 'utf8');

describe.each(Object.entries(resolutions))('with module resolution %s', (_, resolution) => {
  it('the API has the types that it should have', async () => {
    expect(await compile(await source('api.ts'), { ...resolution, noEmit: true })).toBe('');
  });

  it('a library can publish what it infers, with the types of all libraries checked', async () => {
    const options = { ...resolution, declaration: true, skipLibCheck: false };
    expect(await compile(await source('library.ts'), options)).toBe('');
  });
});

it('with no types named, which is what TypeScript 6 takes for granted, frames have theirs', async () => {
  const program =
    "import { connect } from 'framepipe'; export const frame: 1 | null = await (await connect('x')).read();";
  const said = await compile(program, { ...resolutions.nodenext, types: [], noEmit: true });
  expect(said).toContain("Type 'Buffer<ArrayBufferLike>' is not assignable to type '1'");
});

it('a type that is wrong is found', async () => {
  const api = await source('api.ts');
  const wrong = api.replace('toEqualTypeOf<PipeServer<string>>', 'toEqualTypeOf<PipeServer<number>>');
  expect(wrong).not.toBe(api);
  expect(await compile(wrong, { ...resolutions.nodenext, noEmit: true })).toMatch(/error TS.*exit code/s);
});
