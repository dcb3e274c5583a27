export { connect } from './connect.ts';
export { PipeConnection } from './connection.ts';
export type { ConnectionStats, Peer } from './description.ts';
export type { PipeDuplex, PipeDuplexOptions } from './duplex.ts';
export { PipeError, type PipeErrorCode, type PipeErrorFields } from './errors.ts';
export { FrameBatch } from './frames.ts';
export type { As } from './framing/conversion.ts';
export { encodeFrame, FrameDecoder } from './framing/decoder.ts';
export {
  type Framing,
  type FramingFactory,
  type FramingOptions,
  type Framings,
  framing,
  type LengthPrefixOptions,
} from './framing/framing.ts';
export type { DiscordFrame } from './framing/presets.ts';
export type { FileOptions } from './impersonation/as-client.ts';
export type { ClientDirent } from './impersonation/client-files.ts';
export type { AsClient, ClientUser } from './impersonation/impersonation.ts';
export { listen } from './listen.ts';
export type { Access, ConnectOptions, Direction, ImpersonationLevel, ListenOptions } from './options.ts';
export { PipeServer, type ServerStats } from './server.ts';
export type { ServeContext, ServeOptions } from './serving.ts';
