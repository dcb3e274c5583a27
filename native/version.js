// The package's version as the resource compiler takes it.
//   node native/version.js [-D]     prints FRAMEPIPE_MAJOR=0 …, with -D as options of a compiler
import { readFileSync } from 'node:fs';

const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'));
const parts = version.split(/[.-]/);
const option = process.argv[2] ?? '';
console.log(['MAJOR', 'MINOR', 'PATCH'].map((name, at) => `${option}FRAMEPIPE_${name}=${parts[at]}`).join(' '));
