// Messages on the channels of node:diagnostics_channel, which NODE_DEBUG=framepipe prints. Without a subscriber, this costs a look at a channel for each server and connection, and nothing for frames.
import { channel } from 'node:diagnostics_channel';
import { debuglog } from 'node:util';
import type { PipeConnection } from './connection.ts';
import { reasonOf } from './errors.ts';
import type { PipeServer } from './server.ts';

const CHANNELS = {
  listen: channel('framepipe:listen'),
  connection: channel('framepipe:connection'),
  end: channel('framepipe:end'),
  impersonate: channel('framepipe:impersonate'),
} as const;

/** On each channel, the object that is published: see docs/api.md. */
interface Told {
  listen: { server: PipeServer<never> };
  connection: { connection: PipeConnection<never>; server: PipeServer<never> | undefined };
  end: { connection: PipeConnection<never>; error: unknown };
  impersonate: { connection: PipeConnection<never>; error: unknown };
}

export function tellListening<T>(server: PipeServer<T>): void {
  if (CHANNELS.listen.hasSubscribers) tell('listen', { server: server as never });
}

/** `server`: whose client it is, on a server's end. */
export function tellConnected<T>(connection: PipeConnection<T>, server?: PipeServer<T>): void {
  if (CHANNELS.connection.hasSubscribers)
    tell('connection', { connection: connection as never, server: server as never });
}

export function tellEnded<T>(connection: PipeConnection<T>, error: unknown): void {
  if (CHANNELS.end.hasSubscribers) tell('end', { connection: connection as never, error });
}

/** `error`: why it may not be done. Before anything is done as the client. */
export function tellImpersonating<T>(connection: PipeConnection<T>, error: unknown): void {
  if (CHANNELS.impersonate.hasSubscribers) tell('impersonate', { connection: connection as never, error });
}

// Behind a delivery, in the middle of which no code of the user's may run. What a subscriber throws is an uncaught
// exception: Node sees to that.
function tell<K extends keyof Told>(name: K, message: Told[K]): void {
  void Promise.resolve().then(() => CHANNELS[name].publish(message));
}

// A message may have several, and what reads a log takes each for one of our own.
const inOneLine = (error: unknown) => reasonOf(error).replace(/\s*[\r\n]+\s*/g, ' ');

const debug = debuglog('framepipe');

/** The next attempt of `reconnect`. `error`: of the last one; undefined: its connection has ended. */
export function tellTryingAgain(path: string, ms: number, error: unknown): void {
  const why = error === undefined ? '' : `, for ${inOneLine(error)}`;
  if (debug.enabled) debug('reconnect to %s in %d ms%s', path, Math.round(ms), why);
}

if (debug.enabled) {
  CHANNELS.listen.subscribe((message) => debug('listen %s', (message as Told['listen']).server.path));
  CHANNELS.connection.subscribe((message) => {
    const { connection, server } = message as Told['connection'];
    debug('connection %d %s %s, peer %j', connection.id, server ? 'served at' : 'to', connection.path, connection.peer);
  });
  CHANNELS.end.subscribe((message) => {
    const { connection, error } = message as Told['end'];
    const { bytesReceived, bytesSent } = connection.stats();
    const why = error === undefined ? '' : `: ${inOneLine(error)}`;
    debug('connection %d ended, %d bytes received, %d sent%s', connection.id, bytesReceived, bytesSent, why);
  });
  CHANNELS.impersonate.subscribe((message) => {
    const { connection, error } = message as Told['impersonate'];
    debug('connection %d: runAsClient %s', connection.id, error === undefined ? 'acts' : `fails: ${inOneLine(error)}`);
  });
}
