// A package that wraps framepipe and publishes its types: what it infers must have a name that others can reach.
// Compiled with `declaration`, and with the types of all libraries checked.
import { connect, connectDuplex, FrameDecoder, framing, listen, type PipeConnection } from 'framepipe';
import { type HttpServer, PipeAgent, serveHttp } from 'framepipe/http';

export const discord = framing.discord();
export const prefix = framing.lengthPrefix;
export const serve = (name: string) => listen(name, { framing: framing.lines({ as: 'utf8' }) });
export const ask = (name: string) => connect(name, { framing: framing.discord<{ cmd: string }>() });
export const batches = (pipe: PipeConnection) => pipe.batches();
export const stream = (pipe: PipeConnection) => pipe.toDuplex();
export const act = (pipe: PipeConnection) => pipe.runAsClient;
export const entries = (pipe: PipeConnection) => pipe.runAsClient((as) => as.readdir('.', { withFileTypes: true }));
export const read = (pipe: PipeConnection) => pipe.runAsClient(async (as) => ({ as, user: await as.user() }));
export const stats = (pipe: PipeConnection) => ({ peer: pipe.peer, stats: pipe.stats(), closed: pipe.closed });
export const decoder = () => new FrameDecoder(discord);
export const connecting = (name: string) => connectDuplex(name);
export const site = (server: HttpServer, name: string) => serveHttp(server, name);
export const agent = (name: string) => new PipeAgent(name);
