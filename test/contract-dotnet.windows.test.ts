// .NET on the other side, in both roles. As every Windows has it, in PowerShell; Wine has none, and there only what .NET
// would write is written. On Linux mono plays the part (mono.linux.test.ts).
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { userInfo } from 'node:os';
import { describe, expect, it, onTestFinished } from 'vitest';
import { framing } from '../lib/index.ts';
import { clientFor, next, serverFor, uniqueName } from './support/pipes.ts';
import { isRealWindows, on } from './support/system.ts';
import { ForeignClient } from './support/witness.ts';

/** Runs a script that has `$name`, `Send` and `Receive` (text in UTF-8); gives what it prints when it has ended. */
function powershell(name: string, script: string): Promise<string> {
  const prelude = `$ErrorActionPreference = 'Stop'; $name = '${name}'; $pipes = [System.IO.Pipes.PipeDirection]
    function Send($pipe, $text) { $b = [Text.Encoding]::UTF8.GetBytes($text); $pipe.Write($b, 0, $b.Length); $pipe.Flush() }
    function Receive($pipe) { $b = New-Object byte[] 65536; $n = $pipe.Read($b, 0, $b.Length); [Text.Encoding]::UTF8.GetString($b, 0, $n) }
    function Print($text) { [Console]::Out.Write($text) }
    `;
  const encoded = Buffer.from(prelude + script, 'utf16le').toString('base64');
  const child = spawn('powershell', ['-NoProfile', '-NonInteractive', '-EncodedCommand', encoded], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  onTestFinished(() => void child.kill());
  let output = '';
  child.stdout.on('data', (data) => {
    output += data;
  });
  return once(child, 'close').then(([code]) => {
    expect(code, output).toBe(0);
    return output;
  });
}

const client = (rest: string) => `
  $pipe = New-Object System.IO.Pipes.NamedPipeClientStream('.', $name, $pipes::InOut, 'None', 'Impersonation')
  $pipe.Connect(30000)
  ${rest}
  $pipe.Dispose()`;
const server = (mode: string, rest: string) => `
  $pipe = New-Object System.IO.Pipes.NamedPipeServerStream($name, $pipes::InOut, 1, [System.IO.Pipes.PipeTransmissionMode]::${mode})
  $pipe.WaitForConnection()
  ${rest}
  $pipe.WaitForPipeDrain()
  $pipe.Dispose()`;

describe("Microsoft's StreamString sample", () => {
  it('is understood, though it writes its length byte by byte', async () => {
    const server = await serverFor(uniqueName(), { framing: framing.streamString() });
    const sample = new ForeignClient(server.path);
    const served = await next(server);
    const text = 'I am the one true server! 日本 😀';
    const bytes = Buffer.from(text, 'utf16le');
    sample.write(Buffer.of(bytes.length >> 8));
    sample.write(Buffer.of(bytes.length & 255));
    sample.write(bytes);
    expect(await served.read()).toBe(text);
    await served.send('ok');
    expect(await sample.read()).toEqual(Buffer.from('\0\x04o\0k\0', 'latin1'));
  });
});

on(isRealWindows, 'PowerShell', () => {
  it('as client: bytes both ways, its identity, and the end', { timeout: 60_000 }, async () => {
    const pipe = await serverFor(uniqueName(), { framing: framing.lines({ as: 'utf8' }) });
    const name = pipe.path.slice('\\\\.\\pipe\\'.length);
    const ended = powershell(name, client('Send $pipe "grüße`n"; Print (Receive $pipe)'));
    const served = await next(pipe);
    expect(await served.read()).toBe('grüße');
    expect((await served.peerUser()).name).toBe(userInfo().username);
    expect(await served.runAsClient((as) => as.user())).toEqual(await served.peerUser());
    await served.send('willkommen');
    expect(await served.read()).toBeNull();
    expect(await ended).toBe('willkommen\n');
  });

  it('as client: messages', { timeout: 60_000 }, async () => {
    const pipe = await serverFor(uniqueName(), { framing: framing.message({ as: 'utf8' }) });
    const name = pipe.path.slice('\\\\.\\pipe\\'.length);
    const ended = powershell(
      name,
      client(`$pipe.ReadMode = 'Message'; Send $pipe 'one'; Send $pipe ''; Send $pipe 'three'
        Print (Receive $pipe); Print (Receive $pipe); Print $pipe.IsMessageComplete`),
    );
    const served = await next(pipe);
    for (const text of ['one', 'three']) expect((await served.read()) || (await served.read())).toBe(text);
    await served.sendMany(['eins', 'zwei']);
    expect(await ended).toBe('einszweiTrue');
  });

  it('as server: bytes both ways, and who we are', { timeout: 60_000 }, async () => {
    const name = uniqueName();
    const ended = powershell(
      name,
      server('Byte', 'Print (Receive $pipe); Send $pipe ($pipe.GetImpersonationUserName() + "`n")'),
    );
    const pipe = await clientFor(name, {
      waitForServer: true,
      timeout: 30_000,
      framing: framing.lines({ as: 'utf8' }),
    });
    await pipe.send('hello');
    expect(await pipe.read()).toBe(userInfo().username);
    expect(await pipe.read()).toBeNull();
    expect(await ended).toBe('hello\n');
  });

  it('as server: messages', { timeout: 60_000 }, async () => {
    const name = uniqueName();
    const script = server(
      'Message',
      'Print (Receive $pipe); Print (Receive $pipe); Send $pipe "one"; Send $pipe "two"',
    );
    const ended = powershell(name, script);
    const options = { waitForServer: true, timeout: 30_000, framing: framing.message({ as: 'utf8' }) };
    const pipe = await clientFor(name, options);
    await pipe.sendMany(['eins', 'zwei']);
    expect(await pipe.read()).toBe('one');
    expect(await pipe.read()).toBe('two');
    expect(await pipe.read()).toBeNull();
    expect(await ended).toBe('einszwei');
  });
});
