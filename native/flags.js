// The compilers' flags for native code, in one place: binding.gyp, the cross build and the tests' builds ask here.
//   node native/flags.js NAME...     prints the flags of these names; -DNAME prints defines as options of a compiler
const nodeAddonApi = ['DISABLE_CPP_EXCEPTIONS', 'DISABLE_DEPRECATED'].map((name) => `NODE_ADDON_API_${name}`);
const flags = {
  std: ['-std=c++20'],
  lean: ['-fno-exceptions', '-fno-rtti'],
  warnings: ['-Wall', '-Wextra', '-pedantic', '-Wvla'],
  msvc: ['/std:c++20', '/utf-8'],
  napi: ['NAPI_VERSION=9', ...nodeAddonApi, 'NODE_API_SWALLOW_UNTHROWABLE_EXCEPTIONS'],
  win32: ['UNICODE', '_UNICODE', 'NOMINMAX', 'WIN32_LEAN_AND_MEAN', '_WIN32_WINNT=0x0A00'],
};

const printed = process.argv.slice(2).flatMap((argument) => {
  const [, option, name] = /^(-D)?(.*)/.exec(argument);
  if (!flags[name]) throw new Error(`usage: flags.js [-D]NAME..., of ${Object.keys(flags).join(', ')}`);
  return flags[name].map((flag) => `${option ?? ''}${flag}`);
});
console.log(printed.join(' '));
