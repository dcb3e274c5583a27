declare module 'node-gyp-build' {
  /** Loads the addon of the package in `folder`: what was built there, else the prebuilt one for this system. */
  export default function load<T>(folder: string): T;
}
