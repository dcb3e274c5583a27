/// <reference types="node" preserve="true" />
export { PipeAgent, type PipeAgentOptions } from './agent.ts';
export { type HttpServer, type ServeHttpOptions, serveHttp } from './serve-http.ts';
export type { ServedHttp } from './served-http.ts';
