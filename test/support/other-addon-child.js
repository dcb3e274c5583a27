// node other-addon-child.js CONSTANTS : loads framepipe with an addon that has other constants (JSON; null: none at all,
// like an old one), and prints what came of it.
const given = JSON.parse(process.argv[2]);
const { dlopen } = process;
process.dlopen = (module, ...rest) => {
  dlopen.call(process, module, ...rest);
  const { constants, ...functions } = module.exports;
  module.exports = given ? { ...functions, constants: { ...constants, ...given } } : functions;
};
await import('framepipe').then(
  () => console.log('loaded'),
  ({ message }) => console.log(message),
);
