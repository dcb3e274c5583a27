// The binaries that the npm package contains, in prebuildify's layout.
const target = (name, file, rules) => ({ name, file: `prebuilds/${file}.node`, ...rules });

/** The newest glibc that a binary may ask for: that of Debian 10 and RHEL 8, which Node's own binaries need as well. */
const GLIBC = '2.28';

export const targets = [
  target('linux-x64', 'linux-x64/framepipe.glibc', { format: 'elf', arch: 'x64', glibc: GLIBC }),
  target('linux-arm64', 'linux-arm64/framepipe.glibc', { format: 'elf', arch: 'arm64', glibc: GLIBC }),
  target('linux-x64-musl', 'linux-x64/framepipe.musl', { format: 'elf', arch: 'x64' }),
  target('linux-arm64-musl', 'linux-arm64/framepipe.musl', { format: 'elf', arch: 'arm64' }),
  target('win32-x64', 'win32-x64/framepipe', { format: 'pe', arch: 'x64' }),
  target('win32-arm64', 'win32-arm64/framepipe', { format: 'pe', arch: 'arm64' }),
];
