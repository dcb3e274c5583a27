/** What packages take that make a pipe's path on Windows themselves. */
export const nameOf = (path) => path.replace(/^\\\\\.\\pipe\\/, '');
