// The README's first programs, as a newcomer copies them.
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { uniqueName } from './support/pipes.ts';
import { root, start } from './support/programs.ts';

const readme = readFileSync(path.join(root, 'README.md'), 'utf8').replaceAll('\r\n', '\n');
const programs = new Map(
  [...readme.matchAll(/```js\n\/\/ (\w+\.mjs)\n(.*?)```/gs)].map(([, file, text]) => [file!, text!]),
);

it('server.mjs and client.mjs do what it says', async () => {
  expect([...programs.keys()]).toEqual(['server.mjs', 'client.mjs']);
  // In the repository, where the package finds itself by its name.
  mkdirSync(path.join(root, 'build-native'), { recursive: true });
  const folder = mkdtempSync(path.join(root, 'build-native/readme-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const name = uniqueName();
  const changed = (text: string) =>
    text
      .replace("'reports'", JSON.stringify(name))
      .replace("impersonation: '", "waitForServer: true, impersonation: '");
  for (const [file, text] of programs) writeFileSync(path.join(folder, file), changed(text));

  const server = start(path.join(folder, 'server.mjs'), []);
  const client = start(path.join(folder, 'client.mjs'), []);
  expect(await client.ended, client.output).toBe(0);
  expect(client.output.replaceAll('\r\n', '\n')).toBe(
    `I am the one true server!\n${readFileSync(path.join(folder, 'client.mjs'), 'utf8')}\n`,
  );
  expect(server.output).toBe('');
});
