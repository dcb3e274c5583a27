import { failureToError } from './errors.ts';
import { nativeFraming } from './framing/framing.ts';
import { loop } from './loop.ts';
import { pipePath } from './name.ts';
import { tellListening } from './observing.ts';
import { abortSignal, checkListenOptions, type ListenOptions, listenOptions } from './options.ts';
import { rawAccess } from './principals.ts';
import { unlessAborted } from './promises.ts';
import { PipeServer } from './server.ts';

/**
 * Serves a named pipe (Windows: `CreateNamedPipeW`) or, elsewhere, a Unix domain socket at the path that .NET uses.
 *
 * @param name `'reports'` is `\\.\pipe\reports` on Windows and `$TMPDIR/CoreFxPipe_reports` (or `/tmp/…`) elsewhere;
 * a full `\\.\pipe\…` or an absolute path is taken as it is.
 *
 * Rejects with a PipeError: `EINVAL` or `ENAMETOOLONG` for an invalid name, option or name of an option, before anything is
 * created; `EADDRINUSE` when somebody serves the name already; `EACCES` when this process may not create it; and with
 * the signal's reason when it has aborted.
 */
export async function listen<T = Buffer>(name: string, options: ListenOptions<T> = {}): Promise<PipeServer<T>> {
  checkListenOptions(options);
  const path = pipePath(name);
  const channel = listenOptions(path, options);
  const signal = abortSignal(options.signal);
  signal?.throwIfAborted();
  const asked = rawAccess(channel.access);
  const access = asked instanceof Promise ? await unlessAborted(asked, signal) : asked;
  const id = loop.listen({ ...channel, access, framing: nativeFraming(channel.framing) });
  if (typeof id !== 'number') throw failureToError(id, path);
  const server = new PipeServer<T>(id, channel, access, signal);
  tellListening(server);
  return server;
}
