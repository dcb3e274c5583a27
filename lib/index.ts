export type { FileOptions } from './as-client.ts';
export type { ClientDirent } from './client-files.ts';
export { connect } from './connect.ts';
export { type ConnectionStats, type Peer, PipeConnection } from './connection.ts';
export type { As } from './conversion.ts';
export { encodeFrame, FrameDecoder } from './decoder.ts';
export type { PipeDuplex, PipeDuplexOptions } from './duplex.ts';
export { PipeError, type PipeErrorCode, type PipeErrorFields } from './errors.ts';
export { FrameBatch } from './frames.ts';
export {
  type Framing,
  type FramingFactory,
  type FramingOptions,
  type Framings,
  framing,
  type LengthPrefixOptions,
} from './framing.ts';
export type { AsClient, ClientUser } from './impersonation.ts';
export { listen } from './listen.ts';
export type { Access, ConnectOptions, Direction, ImpersonationLevel, ListenOptions } from './options.ts';
export type { DiscordFrame } from './presets.ts';
export { PipeServer, type ServeOptions, type ServerStats } from './server.ts';
