// Reads what matters of a Linux shared object (64-bit, little-endian).
const MACHINES = { 62: 'x64', 183: 'arm64' };
const LOAD = 1;
const DYNAMIC = 2;
const STACK = 0x6474e551;
const RELRO = 0x6474e552;
const TAGS = {
  needed: 1,
  strings: 5,
  symbols: 6,
  flags: 30,
  flags1: 0x6ffffffb,
  versions: 0x6ffffffe,
  versionCount: 0x6fffffff,
};

/** Architecture, libraries and versions of symbols it needs, symbols it takes and gives, how it is protected, what was stripped. */
export function readElf(bytes) {
  if (bytes.readUInt32BE(0) !== 0x7f454c46 || bytes[4] !== 2 || bytes[5] !== 1) throw new Error('no 64-bit ELF file');
  const segments = table(bytes, 0x20, 0x36, 0x38).map(segmentAt(bytes));
  const sections = sectionsOf(bytes);
  const dynamic = dynamicOf(bytes, segments);
  const strings = offsetOf(segments, dynamic.one(TAGS.strings));
  const name = (at) => textAt(bytes, strings + at);
  const symbols = symbolsOf(bytes, sections, name);
  return {
    arch: MACHINES[bytes.readUInt16LE(0x12)] ?? `machine ${bytes.readUInt16LE(0x12)}`,
    needed: dynamic.all(TAGS.needed).map(name),
    versions: versionsOf(bytes, segments, dynamic, name),
    imports: symbols.filter(({ defined }) => !defined).map((symbol) => symbol.name),
    exports: symbols.filter(({ defined }) => defined).map((symbol) => symbol.name),
    stackIsExecutable: segments.some(({ type, flags }) => type === STACK && (flags & 1) !== 0),
    relro: segments.some(({ type }) => type === RELRO),
    bindsNow: (dynamic.one(TAGS.flags) & 8) !== 0 || (dynamic.one(TAGS.flags1) & 1) !== 0,
    stripped: !sections.some((section) => /^\.(symtab|debug_)/.test(section.name)),
  };
}

const word = (bytes, at) => Number(bytes.readBigUInt64LE(at));

// Where the entries of a table are whose offset, entry size and count are at these places of the file's header.
function table(bytes, offset, size, count) {
  const [first, step] = [word(bytes, offset), bytes.readUInt16LE(size)];
  return Array.from({ length: bytes.readUInt16LE(count) }, (_, index) => first + index * step);
}

const segmentAt = (bytes) => (at) => ({
  type: bytes.readUInt32LE(at),
  flags: bytes.readUInt32LE(at + 4),
  offset: word(bytes, at + 8),
  address: word(bytes, at + 16),
  size: word(bytes, at + 32),
});

function sectionsOf(bytes) {
  const sections = table(bytes, 0x28, 0x3a, 0x3c).map((at) => ({
    nameAt: bytes.readUInt32LE(at),
    offset: word(bytes, at + 24),
    size: word(bytes, at + 32),
  }));
  const names = sections[bytes.readUInt16LE(0x3e)]?.offset ?? 0;
  return sections.map((section) => ({ ...section, name: textAt(bytes, names + section.nameAt) }));
}

function dynamicOf(bytes, segments) {
  const { offset, size } = segments.find(({ type }) => type === DYNAMIC) ?? { offset: 0, size: 0 };
  const entries = [];
  for (let at = offset; at < offset + size; at += 16) entries.push([word(bytes, at), word(bytes, at + 8)]);
  const all = (tag) => entries.filter((entry) => entry[0] === tag).map((entry) => entry[1]);
  return { all, one: (tag) => all(tag)[0] ?? 0 };
}

function symbolsOf(bytes, sections, name) {
  const { offset, size } = sections.find((section) => section.name === '.dynsym') ?? { offset: 0, size: 0 };
  const symbols = [];
  for (let at = offset + 24; at < offset + size; at += 24)
    symbols.push({ name: name(bytes.readUInt32LE(at)), defined: bytes.readUInt16LE(at + 6) !== 0 });
  return symbols;
}

// The versions that it asks of its libraries, such as GLIBC_2.28.
function versionsOf(bytes, segments, dynamic, name) {
  const versions = [];
  let at = offsetOf(segments, dynamic.one(TAGS.versions));
  for (let file = dynamic.one(TAGS.versionCount); file > 0; file--) {
    let entry = at + bytes.readUInt32LE(at + 8);
    for (let count = bytes.readUInt16LE(at + 2); count > 0; count--) {
      versions.push(name(bytes.readUInt32LE(entry + 8)));
      entry += bytes.readUInt32LE(entry + 12);
    }
    at += bytes.readUInt32LE(at + 12);
  }
  return versions;
}

function offsetOf(segments, address) {
  const segment = segments.find(
    (one) => one.type === LOAD && address >= one.address && address < one.address + one.size,
  );
  return segment === undefined ? 0 : address - segment.address + segment.offset;
}

function textAt(bytes, at) {
  return bytes.toString('latin1', at, bytes.indexOf(0, at));
}
