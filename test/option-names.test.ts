// Options that do not exist are refused by every call that takes options, with the name of the nearest one that does.
import { describe, expect, it, test } from 'vitest';
import { connect, framing, listen, PipeError } from '../lib/index.ts';
import { clientFor, pair, uniqueName } from './support/pipes.ts';
import { isWindows, on } from './support/system.ts';

const failureOf = (call: () => unknown): Promise<unknown> =>
  (async () => call())().then(
    () => expect.fail('it was taken'),
    (error) => error,
  );

async function message(call: () => unknown): Promise<string> {
  const error = await failureOf(call);
  expect(error).toBeInstanceOf(PipeError);
  expect(error).toMatchObject({ code: 'EINVAL' });
  return (error as PipeError).message;
}

const a = (options: object) => options as never;

describe('an option that does not exist is an EINVAL with the nearest one', () => {
  test.each([
    ['listen', { acces: 'everyone' }, 'access'],
    ['listen', { maxInstance: 1 }, 'maxInstances'],
    ['listen', { highwatermark: 1 }, 'highWaterMark'],
    ['listen', { allowRemtoe: true }, 'allowRemote'],
    ['connect', { serverowner: 'self' }, 'serverOwner'],
    ['connect', { timout: 1 }, 'timeout'],
    ['connect', { frameing: framing.lines() }, 'framing'],
  ])('%s(name, %j)', async (call, options, nearest) => {
    const [misspelled] = Object.keys(options);
    const made = call === 'listen' ? () => listen(uniqueName(), a(options)) : () => connect(uniqueName(), a(options));
    expect(await message(made)).toBe(`${call} has no option "${misspelled}": did you mean "${nearest}"?`);
  });

  it('of a server and its connections', async () => {
    const { server, client } = await pair({ framing: framing.raw() });
    const meant = (call: string, wrong: string, right: string) =>
      `${call} has no option "${wrong}": did you mean "${right}"?`;
    expect(await message(() => server.serve(() => {}, a({ onerror: () => {} })))).toBe(
      meant('serve', 'onerror', 'onError'),
    );
    expect(await message(() => server.close(a({ connection: true })))).toBe(
      meant('close', 'connection', 'connections'),
    );
    expect(await message(() => server.broadcast([], a({ behid: 'skip' })))).toBe(meant('broadcast', 'behid', 'behind'));
    expect(await message(() => client.batches(a({ reused: true })))).toBe(meant('batches', 'reused', 'reuse'));
    expect(await message(() => client.read(a({ signla: undefined, signal_: 1 })))).toBe(
      meant('read', 'signal_', 'signal'),
    );
    expect(await message(() => client.waitForDrain(a({ Signal: 1 })))).toBe(meant('waitForDrain', 'Signal', 'signal'));
    expect(await message(() => client.close(a({ timeOut: 1 })))).toBe(meant('close', 'timeOut', 'timeout'));
    expect(await message(() => client.toDuplex(a({ allowHalfopen: true })))).toBe(
      meant('toDuplex', 'allowHalfopen', 'allowHalfOpen'),
    );
    await client.send(Buffer.from('unharmed'));
  });

  test.each(Object.keys(framing))('of framing.%s', async (name) => {
    const make = framing[name as keyof typeof framing] as (...args: unknown[]) => unknown;
    const first: readonly unknown[] = name === 'delimited' ? ['\n'] : name === 'fixed' ? [8] : [];
    const refused = (options: unknown) => message(() => make(...first, options));
    expect(await refused({ maxframelength: 5 })).toBe(
      `framing.${name} has no option "maxframelength": did you mean "maxFrameLength"?`,
    );
    expect(await refused(null)).toBe('options must be an object, not null');
    expect(await refused(4)).toBe('options must be an object, not 4');
  });

  it('of framing.lengthPrefix alone', async () => {
    expect(await message(() => framing.lengthPrefix(a({ byte: 2 })))).toBe(
      'framing.lengthPrefix has no option "byte": did you mean "bytes"?',
    );
    expect(await message(() => framing.sshAgent(a({ as: 'buffer' })))).toBe(
      'framing.sshAgent has no option "as": it takes "maxFrameLength"',
    );
  });

  it('within an option', async () => {
    expect(await message(() => listen(uniqueName(), { bufferSize: a({ inn: 1, out: 2 }) }))).toBe(
      'bufferSize has no option "inn": did you mean "in"?',
    );
  });

  on(isWindows, 'on Windows', () => {
    it('within access', async () => {
      expect(await message(() => listen(uniqueName(), { access: a({ sddl: 'D:', integrity_: 1 }) }))).toMatch(
        /^access has no option "integrity_": /,
      );
    });
  });

  it('of operations of `as`, before anything is done', async () => {
    const { served } = await pair({}, { impersonation: 'impersonation' });
    await served.runAsClient(async (as) => {
      expect(await message(() => as.readFile(import.meta.filename, a({ maxlength: 1 })))).toBe(
        'readFile has no option "maxlength": did you mean "maxLength"?',
      );
      expect(await message(() => as.readdir('.', a({ signal: AbortSignal.abort() })))).toMatch(
        /^readdir has no option "signal": /,
      );
      expect(await message(() => as.writeFile('never', '', a({ maxLength: 1 })))).toMatch(
        /^writeFile has no option "maxLength": /,
      );
      expect(await message(() => as.readdir('.', a({ recursive: true })))).toMatch(
        /^readdir has no option "recursive": /,
      );
      expect(await message(() => as.mkdir('never', a({ Recursive: true })))).toBe(
        'mkdir has no option "Recursive": did you mean "recursive"?',
      );
      expect(await message(() => as.rm('never', a({ maxRetries: 1 })))).toMatch(/^rm has no option "maxRetries": /);
    });
  });

  it('or with all of them, where none is near', async () => {
    expect(await message(() => connect(uniqueName(), a({ x: 1 })))).toMatch(
      /^connect has no option "x": it takes "framing", "direction", "highWaterMark", "frameTimeout", /,
    );
  });
});

describe('an option that is undefined is as if left out', () => {
  it('whether it exists or not', async () => {
    const { server } = await pair({ acces: undefined, signal: undefined } as object);
    const client = await clientFor(server.path, { timout: undefined } as object);
    await client.close({ timeout: undefined, timout: undefined } as object);
    expect(framing.lengthPrefix({ byte: undefined, bytes: undefined } as object).kind).toBe('lengthPrefix');
  });

  it('and so is what objects inherit', async () => {
    const inherited = Object.create({ acces: 'everyone' });
    await pair(inherited);
  });
});

describe('a callback is refused, with what to do instead', () => {
  const callback = () => {};

  it('by listen', async () => {
    expect(await message(() => listen(uniqueName(), a(callback)))).toBe(
      'listen takes no callback: await it, then give a handler to serve(), or iterate the server for its connections',
    );
  });

  it('by connect, and by what a connection and a server do', async () => {
    const { server, client, name } = await pair();
    const calls = [
      () => connect(name, a(callback)),
      () => client.read(a(callback)),
      () => client.waitForDrain(a(callback)),
      () => client.close(a(callback)),
      () => server.close(a(callback)),
    ];
    for (const call of calls) expect(await message(call)).toMatch(/^\w+ takes no callback: await it: /);
    await client.send(Buffer.from('unharmed'));
  });
});
