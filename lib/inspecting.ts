// What util.inspect(), and with it console.log(), shows of connections and servers: how they stand, not how they are made.
import { type InspectOptions, inspect } from 'node:util';

/** Objects of this class are shown with its name, and what `stands` gives. */
export function showsAs<C extends object>(
  { name, prototype }: { readonly name: string; readonly prototype: C },
  stands: (object: C) => object,
): void {
  const value = function (this: C, depth: number, options: InspectOptions): string {
    if (depth < 0) return `[${name}]`;
    let shown: object;
    try {
      shown = stands(this);
    } catch {
      return `[${name}]`; // a proxy of one, or its heir, which has none of its private members
    }
    return `${name} ${inspect(shown, { ...options, depth })}`;
  };
  Object.defineProperty(prototype, inspect.custom, { value, writable: true, configurable: true });
}
