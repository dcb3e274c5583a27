// The addon's sources, in one place: binding.gyp and the cross build both ask here.
//   node native/sources.js posix|win32     prints one path a line, seen from the repository's root
import { readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const platform = process.argv[2];
if (platform !== 'posix' && platform !== 'win32') throw new Error('usage: sources.js posix|win32');

const native = fileURLToPath(new URL('.', import.meta.url));
const sources = ['native/addon.cc'];
for (const folder of ['codec', 'core', platform, 'binding']) {
  for (const file of readdirSync(native + folder, { recursive: true }).sort()) {
    if (file.endsWith('.cc')) sources.push(`native/${folder}/${file.replaceAll('\\', '/')}`);
  }
}
console.log(sources.join('\n'));
