// Node's http.Agent over pipes.
import { Agent, type AgentOptions, type ClientRequestArgs } from 'node:http';
import { type ConnectDuplexOptions, connectDuplex, duplexPlan } from '../streams/connect-duplex.ts';
import type { PipeDuplex } from '../streams/duplex.ts';

/** For {@link PipeAgent}: those of Node's `http.Agent`, and how to connect. */
export interface PipeAgentOptions extends AgentOptions {
  /** Whether a pipe is kept for the next request. Default: `true`. */
  keepAlive?: boolean;
  /** How to connect: the options of `connectDuplex`. Default: `{}`. */
  connect?: ConnectDuplexOptions | undefined;
}

/**
 * An `http.Agent` whose connections are pipes, for `http.request({ agent, path })`, `ws`, and whatever takes an agent. Each request
 * goes to the pipe `name`, or to the one that its own `socketPath` names, whatever its host: the server reads the host in the
 * header `Host`. Pipes are kept and used again, `maxSockets` at once for each pipe; a request waits for a busy pipe as `connect` does.
 */
export class PipeAgent extends Agent {
  readonly #name: string;
  readonly #path: string;
  readonly #connect: ConnectDuplexOptions;

  /**
   * Throws a PipeError `EINVAL` or `ENAMETOOLONG` for an invalid name, or an invalid option in `connect`.
   *
   * @param name as for `connect`.
   */
  constructor(name: string, options: PipeAgentOptions = {}) {
    const { connect = {}, ...others } = options;
    super({ keepAlive: true, ...others });
    this.#name = name;
    this.#connect = connect;
    this.#path = this.#pathOf(name);
  }

  /** The pipe's path: connections are shared by the requests to one pipe. */
  override getName({ socketPath }: ClientRequestArgs = {}): string {
    return socketPath ? this.#pathOf(socketPath) : this.#path;
  }

  /** A stream to the pipe, which connects by itself: called by Node. */
  override createConnection(options: ClientRequestArgs): PipeDuplex {
    const stream = connectDuplex(options.socketPath || this.#name, this.#connect);
    if (options.timeout) stream.setTimeout(options.timeout);
    return stream;
  }

  #pathOf(name: string): string {
    return duplexPlan(name, this.#connect).plan.channel.path;
  }
}
