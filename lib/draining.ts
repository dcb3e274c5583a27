// What is asked of all that was sent: that it goes out, and nothing behind it; that the peer has read it.
import type { Ending } from './ending.ts';
import type { Numbered } from './handles.ts';
import { forget, loop, request } from './loop.ts';
import type { RawFailure } from './native.ts';
import { orAborted } from './promises.ts';

/** A connection, as far as it matters here. */
interface Sending extends Numbered {
  readonly path: string;
  readonly ending: Ending;
}

/** Resolves when all has gone out, to whether the peer can see that nothing follows. */
export function endSending(of: Sending): Promise<boolean> {
  return explained(of, (id) => loop.endSending(of.number, id)).then((peerSees) => peerSees === 1);
}

/** Resolves when the peer has read everything. */
export function waitForDrain(of: Sending, signal: AbortSignal | undefined): Promise<void> {
  let abort!: () => void;
  const drained = explained(of, (id) => {
    abort = () => {
      loop.cancelDrain(of.number, id);
      forget(id);
    };
    return loop.waitForDrain(of.number, id);
  }) as Promise<unknown> as Promise<void>;
  return signal ? orAborted(drained, signal, abort) : drained;
}

// Native code settles it before it tells the end, and knows words only: what the end has come to is known here by then.
function explained({ path, ending }: Sending, start: (id: number) => RawFailure | 0): Promise<number> {
  return request<number>(start, path).catch((error) => {
    throw ending.explained(error);
  });
}
