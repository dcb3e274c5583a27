// Reads what matters of a Windows DLL (64-bit).
const MACHINES = { 34404: 'x64', 43620: 'arm64' };
const DIRECTORIES = { exports: 0, imports: 1, resources: 2, loadConfig: 10, delayed: 13 };
const DLL = { highEntropy: 0x20, relocatable: 0x40, noExecute: 0x100, guard: 0x4000 };

/** Architecture, libraries it needs, whether it finds Node.js whatever its name is, what it exports, how it is protected, its version, when it was made. */
export function readPe(bytes) {
  const header = bytes.readUInt16LE(0) === 0x5a4d ? bytes.readUInt32LE(0x3c) : -1;
  if (header < 0 || bytes.readUInt32LE(header) !== 0x4550 || bytes.readUInt16LE(header + 24) !== 0x20b)
    throw new Error('no 64-bit PE file');
  const optional = header + 24;
  const file = new Image(bytes, header);
  const flags = bytes.readUInt16LE(optional + 70);
  const machine = bytes.readUInt16LE(header + 4);
  return {
    arch: MACHINES[machine] ?? `machine ${machine.toString(16)}`,
    timestamp: bytes.readUInt32LE(header + 8),
    imports: names(file, DIRECTORIES.imports, 20, 12),
    findsHost: findsHost(file),
    exports: exportsOf(file),
    relocatable: (flags & DLL.relocatable) !== 0,
    highEntropy: (flags & DLL.highEntropy) !== 0,
    noExecute: (flags & DLL.noExecute) !== 0,
    controlFlowGuard: (flags & DLL.guard) !== 0,
    version: versionOf(file),
    stripped: bytes.readUInt32LE(header + 16) === 0,
  };
}

class Image {
  constructor(bytes, header) {
    this.bytes = bytes;
    this.optional = header + 24;
    const first = this.optional + bytes.readUInt16LE(header + 20);
    this.sections = Array.from({ length: bytes.readUInt16LE(header + 6) }, (_, index) => ({
      size: bytes.readUInt32LE(first + index * 40 + 16),
      address: bytes.readUInt32LE(first + index * 40 + 12),
      offset: bytes.readUInt32LE(first + index * 40 + 20),
    }));
  }

  /** Where in the file a directory is, and how long; undefined if there is none. */
  directory(index) {
    const at = this.optional + 112 + index * 8;
    const address = this.bytes.readUInt32LE(at);
    return address === 0 ? undefined : { at: this.offset(address), size: this.bytes.readUInt32LE(at + 4) };
  }

  /** Where in the file what has this address, relative to the image, is. */
  offset(address) {
    const section = this.sections.find((one) => address >= one.address && address < one.address + one.size);
    if (section === undefined) throw new Error(`nothing in the file is at address ${address}`);
    return address - section.address + section.offset;
  }

  text(address) {
    const at = this.offset(address);
    return this.bytes.toString('latin1', at, this.bytes.indexOf(0, at));
  }
}

// The libraries in a table of imports, which ends with an empty entry.
function names(file, directory, entrySize, nameAt) {
  const found = [];
  for (let at = file.directory(directory)?.at; at !== undefined; at += entrySize) {
    const address = file.bytes.readUInt32LE(at + nameAt);
    if (address === 0) break;
    found.push(file.text(address));
  }
  return found;
}

// Whether node.exe's functions are imported late. lld lists that in a directory of its own; with MinGW there is only the
// name, which the code hands to the hook.
function findsHost(file) {
  const isHost = (name) => /^node\.exe$/i.test(name);
  if (names(file, DIRECTORIES.imports, 20, 12).some(isHost)) return false;
  return names(file, DIRECTORIES.delayed, 32, 4).some(isHost) || file.bytes.includes('NODE.EXE\0');
}

function exportsOf(file) {
  const found = file.directory(DIRECTORIES.exports);
  if (found === undefined) return [];
  const first = file.offset(file.bytes.readUInt32LE(found.at + 32));
  return Array.from({ length: file.bytes.readUInt32LE(found.at + 24) }, (_, index) =>
    file.text(file.bytes.readUInt32LE(first + index * 4)),
  );
}

// The file version of VS_FIXEDFILEINFO, which begins with a signature.
function versionOf(file) {
  const found = file.directory(DIRECTORIES.resources);
  if (found === undefined) return undefined;
  const at = file.bytes.indexOf(Buffer.from([0xbd, 0x04, 0xef, 0xfe]), found.at);
  if (at < 0 || at >= found.at + found.size) return undefined;
  return [10, 8, 14].map((place) => file.bytes.readUInt16LE(at + place)).join('.');
}
