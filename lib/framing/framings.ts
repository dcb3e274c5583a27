// The types of the functions that make framings, and what users read of each.
import type { CustomOptions } from './custom.ts';
import type { Framing, FramingOptions } from './framing.ts';
import type { DiscordFrame } from './presets.ts';

/** For {@link Framings.lengthPrefix}. */
export interface LengthPrefixOptions extends FramingOptions {
  /** Width of the length field. Default: 4. */
  bytes?: 1 | 2 | 3 | 4 | 8 | undefined;
  /** Order of its bytes. Default: `'little'`. */
  endian?: 'little' | 'big' | undefined;
  /** Bytes of header before the length field: 0 … 255. Default: 0. Sent as zeros, unless `keepHeader`. */
  offset?: number | undefined;
  /**
   * Added to the length field to get the frame's length (what follows the field): −4 when a field of 4 bytes counts
   * itself. Default: 0.
   */
  adjustment?: number | undefined;
  /**
   * Frames carry their header (`offset` bytes and the length field) both ways, and `send` writes the right
   * length in place of the given one. Default: `false`.
   */
  keepHeader?: boolean | undefined;
}

/** Bytes between frames; a string stands for its UTF-8. */
type Delimiter = string | Uint8Array;

/** For {@link Framings.lines}. */
export interface LinesOptions extends FramingOptions {
  /**
   * What a last line is that is not ended when the peer closes: `'error'`, an `ERR_FRAME_TRUNCATED`, since it may be cut off;
   * `'frame'`, a line like all others, as people's files end. Default: `'error'`.
   */
  lastLine?: 'error' | 'frame' | undefined;
}

/** Makes a framing. The type of its frames follows from `as`: `Buffer` by default, any JSON value, or strings. */
export interface FramingFactory<Options> {
  (options?: Options & { as?: 'buffer' | undefined }): Framing<Buffer>;
  <T = unknown>(options: Options & { as: 'json' }): Framing<T>;
  (options: Options & { as: BufferEncoding }): Framing<string>;
}

/** Of {@link framing}. Every one throws a PipeError `EINVAL` that names the invalid option. */
export interface Framings {
  /**
   * A length field of 1, 2, 3, 4 or 8 bytes before each frame, in a header of fixed size: the default is a 32-bit
   * little-endian length. Like Netty's `LengthFieldBasedFrameDecoder` and tokio's `LengthDelimitedCodec`, except that
   * `maxFrameLength` always means the frame, after `adjustment`.
   */
  readonly lengthPrefix: FramingFactory<LengthPrefixOptions>;
  /**
   * A base-128 varint before each frame, as in protobuf's `writeDelimitedTo` and `parseDelimitedFrom`
   * (https://protobuf.dev/programming-guides/encoding/#varints).
   */
  readonly varint: FramingFactory<FramingOptions>;
  /**
   * The delimiter (1 … 256 bytes; a string stands for its UTF-8) after each frame. Sending a frame that contains it
   * rejects with `ERR_FRAME_INVALID`. With several (up to 16), whichever ends first ends the frame, and of those that end
   * together the longest; the first one is sent. One in which another ends is an `EINVAL`: it would never be found.
   */
  readonly delimited: {
    (
      delimiter: Delimiter | readonly Delimiter[],
      options?: FramingOptions & { as?: 'buffer' | undefined },
    ): Framing<Buffer>;
    <T = unknown>(delimiter: Delimiter | readonly Delimiter[], options: FramingOptions & { as: 'json' }): Framing<T>;
    (delimiter: Delimiter | readonly Delimiter[], options: FramingOptions & { as: BufferEncoding }): Framing<string>;
  };
  /**
   * Lines that end in LF or CR LF; LF is sent. With `as: 'json'` this is NDJSON. A line that is not ended when the
   * peer closes is an `ERR_FRAME_TRUNCATED`, unless `lastLine` says otherwise.
   */
  readonly lines: FramingFactory<LinesOptions>;
  /**
   * Header lines before each frame, one of them `Content-Length`: LSP, DAP, JSON-RPC as in `vscode-jsonrpc`
   * (https://microsoft.github.io/language-server-protocol/specifications/lsp/3.17/specification/#baseProtocol).
   * Other header lines are skipped; a header may take 8 KiB.
   */
  readonly contentLength: FramingFactory<FramingOptions>;
  /**
   * Each frame has `bytes` bytes (1 … 1 GiB), and nothing else is on the wire. `maxFrameLength` is `bytes`, too, unless it is
   * given: then it may not be less. Sending a shorter frame rejects with `ERR_FRAME_INVALID`.
   */
  readonly fixed: {
    (bytes: number, options?: FramingOptions & { as?: 'buffer' | undefined }): Framing<Buffer>;
    <T = unknown>(bytes: number, options: FramingOptions & { as: 'json' }): Framing<T>;
    (bytes: number, options: FramingOptions & { as: BufferEncoding }): Framing<string>;
  };
  /**
   * D. J. Bernstein's netstrings, as SCGI and Qmail have them: the length in decimal, a colon, the frame, a comma
   * (https://cr.yp.to/proto/netstrings.txt).
   */
  readonly netstring: FramingFactory<FramingOptions>;
  /**
   * A protocol of one's own: `decoder` finds the frames, which are read as raw bytes, on JavaScript's thread. Frames, their
   * headers included, count for `maxFrameLength`, complete or not. `encode` is given whatever is sent, bytes as well.
   */
  readonly custom: {
    <T>(options: CustomOptions<T> & { parse: (frame: Buffer) => T }): Framing<T>;
    <T extends Buffer = Buffer>(options: CustomOptions<T> & { parse?: undefined }): Framing<T>;
  };
  /**
   * The operating system keeps the boundaries, of empty messages as well: a Windows pipe in message mode, a
   * `SOCK_SEQPACKET` socket on Linux. Both sides must agree. Pipes only: a {@link FrameDecoder} cannot know where a
   * message ends. An empty message is an empty frame; go-winio's `CloseWrite` sends one to say that no more will come.
   */
  readonly message: FramingFactory<FramingOptions>;
  /**
   * No framing: bytes as they come, at most `maxFrameLength` of them at once; `send` takes any length.
   * `as` is `'buffer'` or an encoding that may be cut anywhere: a character of UTF-8 may arrive in two parts.
   */
  readonly raw: {
    (options?: FramingOptions & { as?: 'buffer' | undefined }): Framing<Buffer>;
    (options: FramingOptions & { as: 'latin1' | 'binary' | 'ascii' | 'hex' }): Framing<string>;
  };
  /**
   * `StreamString` of Microsoft's sample: a 16-bit big-endian length in bytes, then UTF-16LE
   * (https://learn.microsoft.com/dotnet/standard/io/how-to-use-named-pipes-for-network-interprocess-communication).
   * Compatible on the wire, but a string of more than 32,767 UTF-16 units, which the sample cuts off, is refused. A lone
   * surrogate that arrives becomes U+FFFD, as in .NET; one that is sent is refused. With `as: 'json'`, frames are JSON in such a string.
   */
  readonly streamString: {
    (options?: FramingOptions & { as?: 'utf16le' | undefined }): Framing<string>;
    <T = unknown>(options: FramingOptions & { as: 'json' }): Framing<T>;
    (options: FramingOptions & { as: 'buffer' }): Framing<Buffer>;
  };
  /**
   * Discord's local RPC (`\\.\pipe\discord-ipc-0`): opcode and length, 32 bits each, little-endian, then JSON
   * (https://github.com/discord/discord-rpc/blob/master/documentation/hard-mode.md). Frames are
   * `{ opcode, data }`; with `as: 'buffer'`, `data` is a Buffer.
   */
  readonly discord: {
    <T = unknown>(options?: FramingOptions & { as?: 'json' | undefined }): Framing<DiscordFrame<T>>;
    (options: FramingOptions & { as: 'buffer' }): Framing<DiscordFrame<Buffer>>;
  };
  /**
   * Native messaging of Chrome, Edge and Firefox: a 32-bit length in the machine's own byte order, then JSON
   * (https://developer.chrome.com/docs/extensions/develop/concepts/native-messaging). `maxFrameLength` is 64 MiB, the most
   * that the browser may send; it accepts no more than 1 MiB itself.
   */
  readonly chromeNativeMessaging: {
    <T = unknown>(options?: FramingOptions & { as?: 'json' | undefined }): Framing<T>;
    (options: FramingOptions & { as: 'buffer' }): Framing<Buffer>;
    (options: FramingOptions & { as: BufferEncoding }): Framing<string>;
  };
  /**
   * The ssh-agent protocol (`\\.\pipe\openssh-ssh-agent`, `$SSH_AUTH_SOCK`): a 32-bit big-endian length, then the
   * message's type and contents (https://datatracker.ietf.org/doc/html/draft-ietf-sshm-ssh-agent). `maxFrameLength` is
   * 256 KiB, as in OpenSSH.
   */
  readonly sshAgent: (options?: FramingOptions) => Framing<Buffer>;
}
