// The addon's sources, in one place: binding.gyp and the cross build both ask here.
//   node native/sources.js posix|win32     prints one path a line, seen from the repository's root
import { readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const platforms = ['posix', 'win32'];
const platform = process.argv[2];
if (!platforms.includes(platform)) throw new Error('usage: sources.js posix|win32');

const others = ['cross', ...platforms.filter((name) => name !== platform)];
const files = readdirSync(fileURLToPath(new URL('.', import.meta.url)), { recursive: true })
  .map((file) => file.replaceAll('\\', '/'))
  .filter((file) => file.endsWith('.cc') && !file.split('/').some((folder) => others.includes(folder)));
console.log(
  files
    .sort()
    .map((file) => `native/${file}`)
    .join('\n'),
);
