// What is wrong with a prebuilt binary, if anything: what keeps it from being loaded on some of its users' systems.
import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { readElf } from './elf.js';
import { readPe } from './pe.js';

const root = fileURLToPath(new URL('../..', import.meta.url));
const { version } = JSON.parse(readFileSync(`${root}/package.json`, 'utf8'));

/**
 * What Node.js looks for. On Linux all that may be seen from outside: what else there is might get mixed up with the same of
 * Node.js or another addon. On Windows an import names its library.
 */
const EXPORTS = ['napi_register_module_v1', 'node_api_module_get_api_version_v1'];
/** What the host, Node.js, gives. */
export const FROM_HOST = /^(napi_|node_api_|uv_)/;
const GLIBC_LIBRARIES = /^(lib(c|m|dl|rt|pthread)\.so\.\d+|ld-linux-(x86-64|aarch64)\.so\.\d)$/;
const MUSL_LIBRARIES = /^libc\.(so|musl-\w+\.so\.1)$/;
const WINDOWS_LIBRARIES = /^(kernel32|advapi32|msvcrt|ntdll|api-ms-win-crt-[\w-]+)\.dll$/i;

/** The problems of one of `targets`, each a sentence without its subject; none: it is as it should be. */
export function problemsOf(target) {
  const file = `${root}/${target.file}`;
  if (!existsSync(file)) return ['is missing'];
  try {
    const bytes = readFileSync(file);
    return target.format === 'elf' ? elfProblems(readElf(bytes), target) : peProblems(readPe(bytes), target);
  } catch (error) {
    return [`cannot be read: ${error.message}`];
  }
}

/** The same of what readElf has read. */
export function elfProblems(elf, { arch, glibc }) {
  const allowed = glibc ? GLIBC_LIBRARIES : MUSL_LIBRARIES;
  const tooNew = elf.versions.filter(
    (name) => !glibc || !/^GLIBC_[\d.]+$/.test(name) || compare(name.slice(6), glibc) > 0,
  );
  return [
    ...sharedProblems(elf, arch),
    ...problemIfAny(
      elf.exports.filter((name) => !EXPORTS.includes(name)),
      'lets others see',
    ),
    ...problemIfAny([...elf.needed.filter((name) => !allowed.test(name)), ...tooNew], 'needs'),
    ...problemIf(elf.stackIsExecutable, 'has an executable stack'),
    ...problemIf(!elf.relro || !elf.bindsNow, 'leaves its table of functions writable (no full RELRO)'),
    ...problemIf(!elf.imports.some((name) => FROM_HOST.test(name)), 'takes nothing from Node.js'),
  ];
}

/** The same of what readPe has read. */
export function peProblems(pe, { arch }) {
  return [
    ...sharedProblems(pe, arch),
    ...problemIfAny(
      pe.imports.filter((name) => !WINDOWS_LIBRARIES.test(name)),
      'needs',
    ),
    ...problemIf(!pe.findsHost, 'does not look for Node.js in the program that loads it'),
    ...problemIf(!pe.relocatable || !pe.highEntropy, 'is loaded at a known address (no ASLR)'),
    ...problemIf(!pe.noExecute, 'may execute data (no NX)'),
    ...problemIf(pe.timestamp !== 0, 'tells when it was made, and so is another file each time'),
    ...problemIf(pe.version !== version, `tells version ${pe.version}, and package.json ${version}`),
  ];
}

function sharedProblems(file, arch) {
  return [
    ...problemIf(file.arch !== arch, `is for ${file.arch}`),
    ...problemIfAny(
      EXPORTS.filter((name) => !file.exports.includes(name)),
      'does not have',
    ),
    ...problemIf(!file.stripped, 'has symbols'),
  ];
}

// A few of the names tell what it is about.
function problemIfAny(names, problem) {
  const more = names.length > 5 ? ` and ${names.length - 5} more` : '';
  return names.length > 0 ? [`${problem} ${names.slice(0, 5).join(', ')}${more}`] : [];
}

const problemIf = (condition, problem) => (condition ? [problem] : []);

function compare(one, other) {
  const [a, b] = [one, other].map((text) => text.split('.').map(Number));
  return a[0] - b[0] || a[1] - b[1];
}
