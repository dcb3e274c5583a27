// The flags, limits and qualities of service that reach Windows, as Wine logs them. What they do is tested beside this
// (security-*.windows.test.ts); the descriptors that reach it are read back (security-descriptor.windows.test.ts).
import { expect, it } from 'vitest';
import { pipePath } from '../lib/name.ts';
import { uniqueName } from './support/pipes.ts';
import { isWine, on } from './support/system.ts';
import { type Call, callsOf, callsOn, traced } from './support/trace.ts';
import { win } from './support/witness.ts';

/** The calls of a server that is opened and closed. */
async function callsOfServer(options: string, clients = '', name = uniqueName()): Promise<Call[]> {
  const code = `const server = await listen(name, ${options});
    ${clients}
    await server.close({ connections: true, timeout: 100 });`;
  return traced(code, name);
}

/** Its CreateNamedPipeW calls, with names. */
async function instancesOf(options: string, clients = ''): Promise<Record<string, number>[]> {
  const name = uniqueName();
  const calls = await callsOfServer(options, clients, name);
  return callsOn(calls, 'CreateNamedPipeW', pipePath(name)).map(({ arguments: given, result }) => {
    const [, openMode, pipeMode, maxInstances, outBuffer, inBuffer, timeout, attributes] = given as number[];
    expect(attributes).not.toBe(0); // never Windows' own descriptor
    expect(result).toBeGreaterThan(0);
    return { openMode, pipeMode, maxInstances, outBuffer, inBuffer, timeout } as Record<string, number>;
  });
}

/** The call that makes what holds the name, and that there is but one, the first of all. */
async function placeholderOf(options: string): Promise<Record<string, number>> {
  const made = (await callsOfServer(options)).filter((call) => call.name === 'NtCreateNamedPipeFile');
  const isOne = ({ arguments: [, access] }: Call) => ((access as number) & (GENERIC_RW | 3)) === 0;
  expect(made.map(isOne).indexOf(true)).toBe(0);
  expect(made.filter(isOne)).toHaveLength(1);
  expect(made.length).toBeGreaterThan(1);
  const [, access, , , share, disposition, , type, readMode, , limit, inBuffer, outBuffer] = made[0]!
    .arguments as number[];
  expect(made[0]!.result).toBe(0);
  return { access, share, disposition, type, readMode, limit, inBuffer, outBuffer } as Record<string, number>;
}

/** The CreateFileW call of a client. */
async function openOf(options: string, server = '{}', path?: string): Promise<{ access: number; flags: number }> {
  const name = uniqueName();
  const code = `const server = await listen(name, ${server});
    await connect(${path ? JSON.stringify(path) : 'name'}, ${options}).then((client) => client.destroy(), () => {});
    await server.close({ connections: true });`;
  const opened = callsOn(await traced(code, name), 'CreateFileW', path ?? pipePath(name));
  expect(opened.length).toBe(1);
  const [, access, share, attributes, disposition, flags, template] = opened[0]!.arguments as number[];
  expect({ share, attributes, disposition, template }).toEqual({
    share: 0,
    attributes: 0,
    disposition: 3,
    template: 0,
  });
  return { access: access!, flags: flags! };
}

const DEFAULT = win.FILE_FLAG_OVERLAPPED + win.WRITE_DAC + win.PIPE_ACCESS_DUPLEX;
const GENERIC_RW = win.GENERIC_READ + win.GENERIC_WRITE;

on(isWine, 'CreateNamedPipeW', () => {
  it('by default: duplex, bytes, no remote clients, unlimited, 64 KiB', async () => {
    const instances = await instancesOf('{ pendingInstances: 3 }');
    const usual = {
      openMode: DEFAULT,
      pipeMode: win.PIPE_REJECT_REMOTE_CLIENTS,
      maxInstances: win.PIPE_UNLIMITED_INSTANCES,
      outBuffer: 65_536,
      inBuffer: 65_536,
      timeout: 0,
    };
    expect(instances).toEqual([usual, usual, usual]);
  });

  it('allowRemote: true lets remote clients in', async () => {
    const [first] = await instancesOf('{ allowRemote: true, pendingInstances: 1 }');
    expect(first!.pipeMode).toBe(0);
  });

  it.each([
    ['in', win.PIPE_ACCESS_INBOUND],
    ['duplex', win.PIPE_ACCESS_DUPLEX],
  ])('direction: %s', async (direction, expected) => {
    const [first] = await instancesOf(`{ direction: '${direction}', pendingInstances: 1 }`);
    expect(first!.openMode! & 3).toBe(expected);
  });

  it('framing.message(): message type and message read mode, remote clients rejected all the same', async () => {
    const [first] = await instancesOf('{ framing: framing.message(), pendingInstances: 1 }');
    const expected = win.PIPE_TYPE_MESSAGE + win.PIPE_READMODE_MESSAGE + win.PIPE_REJECT_REMOTE_CLIENTS;
    expect(first!.pipeMode).toBe(expected);
  });

  it('maxInstances, with one more for what holds the name, and bufferSize', async () => {
    const options = '{ maxInstances: 7, bufferSize: { in: 1000, out: 200_000 }, pendingInstances: 1 }';
    expect((await instancesOf(options))[0]).toMatchObject({ maxInstances: 8, inBuffer: 1000, outBuffer: 200_000 });
  });

  it('pendingInstances wait, and each client brings a new one, with the same flags', async () => {
    const clients = `const clients = [];
      for (let i = 0; i < 5; i++) clients.push(await connect(name));
      let served = 0;
      for await (const _ of server) if (++served === 5) break;
      for (const client of clients) client.destroy();`;
    const instances = await instancesOf('{ pendingInstances: 2 }', clients);
    expect(instances.length).toBe(2 + 5);
    expect(new Set(instances.map((instance) => JSON.stringify(instance))).size).toBe(1);
    expect(instances[0]!.openMode).toBe(DEFAULT);
  });

  it('no more than maxInstances, however many clients come and go', async () => {
    const clients = `for (let i = 0; i < 5; i++) {
        const client = await connect(name);
        for await (const served of server) { await client.close(); await served.closed; break; }
      }`;
    const instances = await instancesOf('{ maxInstances: 2, pendingInstances: 8 }', clients);
    expect(instances.length).toBeGreaterThan(2);
    expect(instances.every(({ maxInstances }) => maxInstances === 2 + 1)).toBe(true);
  });
});

on(isWine, 'NtCreateNamedPipeFile', () => {
  const FILE_READ_ATTRIBUTES = 0x80;
  const SYNCHRONIZE = 0x10_0000;
  const REJECTS_REMOTE = 2;
  const usual = {
    access: SYNCHRONIZE + win.READ_CONTROL + win.WRITE_DAC + win.WRITE_OWNER + FILE_READ_ATTRIBUTES,
    share: 3,
    disposition: 2, // FILE_CREATE
    type: REJECTS_REMOTE,
    readMode: 0,
    limit: 0xffff_ffff,
    inBuffer: 65_536,
    outBuffer: 65_536,
  };

  it('makes what holds the name: the first instance, which may neither read nor write', async () => {
    expect(await placeholderOf('{}')).toEqual(usual);
  });

  it.each([
    ["{ direction: 'in' }", { share: 2 }],
    ["{ direction: 'out' }", { share: 1 }],
    ['{ framing: framing.message(), allowRemote: true }', { type: 1 }],
    ['{ maxInstances: 7 }', { limit: 8 }],
    ['{ maxInstances: 254 }', {}], // 255 means unlimited
    ['{ exclusive: false, maxInstances: 7 }', { disposition: 3 }], // FILE_OPEN_IF
  ])('of the same kind as the others: %s', async (options, differing) => {
    expect(await placeholderOf(options)).toEqual({ ...usual, ...differing });
  });
});

on(isWine, 'SetKernelObjectSecurity', () => {
  it('sets the list and the label of setAccess at once, and the usual label for one that is asked for no more', async () => {
    const calls = await callsOfServer(
      '{}',
      `for (const access of [{ sddl: 'D:P(A;;GA;;;WD)S:(ML;;NW;;;LW)' }, 'owner', 'everyone'])
         await server.setAccess(access);`,
    );
    const set = calls.filter(({ name }) => name === 'SetKernelObjectSecurity');
    const LIST = 0x8000_0004; // DACL_SECURITY_INFORMATION, PROTECTED_DACL_SECURITY_INFORMATION
    const LABEL = 0x10;
    expect(set.map(({ arguments: [, what] }) => what)).toEqual([LIST + LABEL, LIST + LABEL, LIST]);
    expect(set.map(({ result }) => result)).toEqual([1, 1, 1]);
  });
});

on(isWine, "direction: 'out'", () => {
  it('makes instances that may look whether their client is there, and asks for no other one to find out', async () => {
    const calls = await callsOfServer(
      "{ direction: 'out', pendingInstances: 1 }",
      `const client = await connect(name, { direction: 'in' });
       for await (const served of server) { client.destroy(); await served.closed; break; }`,
    );
    const instances = calls.filter(
      ({ name, arguments: [, access] }) => name === 'NtCreateNamedPipeFile' && (access as number) & win.GENERIC_WRITE,
    );
    expect(instances.length).toBeGreaterThanOrEqual(2);
    for (const { arguments: given, result } of instances) {
      const [, access, , , share, disposition] = given as number[];
      const SYNCHRONIZE_AND_LOOK = 0x10_0080;
      expect(access! >>> 0).toBe(win.GENERIC_WRITE + win.WRITE_DAC + SYNCHRONIZE_AND_LOOK);
      expect({ share, disposition, result }).toEqual({ share: 1, disposition: 3, result: 0 });
    }
    // One for each instance.
    expect(calls.filter(({ name }) => name === 'ConnectNamedPipe').length).toBeLessThanOrEqual(instances.length);
  });
});

on(isWine, 'CreateFileW', () => {
  const { GENERIC_READ, GENERIC_WRITE, SECURITY_LEVEL } = win;
  const FILE_READ_ATTRIBUTES = 0x80;
  const FILE_WRITE_ATTRIBUTES = 0x100;
  const qualities = (flags: number) => flags & 0x1f_0000; // level, tracking, effective only, present
  const ALWAYS = win.SECURITY_SQOS_PRESENT + win.SECURITY_EFFECTIVE_ONLY;

  it('by default: both directions, overlapped, identification, static tracking, effective only', async () => {
    expect(await openOf('{}')).toEqual({
      access: GENERIC_READ + GENERIC_WRITE,
      flags: win.FILE_FLAG_OVERLAPPED + ALWAYS + 0x1_0000,
    });
  });

  it.each([
    ['anonymous', 0],
    ['identification', 0x1_0000],
    ['impersonation', 0x2_0000],
    ['delegation', 0x3_0000],
  ])('impersonation: %s, and always effective only', async (level, expected) => {
    const { flags } = await openOf(`{ impersonation: '${level}' }`);
    expect(flags & SECURITY_LEVEL).toBe(expected);
    expect(qualities(flags)).toBe(ALWAYS + expected);
  });

  it.each([
    ['impersonation', "'self'", 0x2_0000],
    ['delegation', "['self', 'administrators']", 0x3_0000],
  ])(
    'impersonation: %s with serverOwner: %s has dynamic tracking: no token before the first write',
    async (level, owner, expected) => {
      const { flags } = await openOf(`{ impersonation: '${level}', serverOwner: ${owner} }`);
      expect(qualities(flags)).toBe(ALWAYS + win.SECURITY_CONTEXT_TRACKING + expected);
    },
  );

  it.each(['anonymous', 'identification'])('impersonation: %s with serverOwner has static tracking', async (level) => {
    const { flags } = await openOf(`{ impersonation: '${level}', serverOwner: 'self' }`);
    expect(flags & win.SECURITY_CONTEXT_TRACKING).toBe(0);
  });

  it('another machine gets the same care', async () => {
    const { flags } = await openOf('{}', '{}', '\\\\no-such-machine\\pipe\\x');
    expect(qualities(flags)).toBe(ALWAYS + 0x1_0000);
  });

  it.each([
    ['in', 'lengthPrefix', 'out', GENERIC_READ],
    ['in', 'lines', 'out', GENERIC_READ],
    ['in', 'message', 'out', GENERIC_READ + FILE_WRITE_ATTRIBUTES], // to set the read mode
    ['in', 'raw', 'out', GENERIC_READ + FILE_WRITE_ATTRIBUTES], // to see an end among messages
    ['out', 'lengthPrefix', 'in', GENERIC_WRITE + FILE_READ_ATTRIBUTES],
    ['out', 'message', 'in', GENERIC_WRITE + FILE_READ_ATTRIBUTES],
  ])('direction: %s, framing.%s() asks for no right that it does not need', async (...row) => {
    const [direction, framed, servers, access] = row;
    const as = (way: string) => `{ direction: '${way}', framing: framing.${framed}() }`;
    expect((await openOf(as(direction), as(servers))).access).toBe(access);
  });
});

on(isWine, 'a thread that becomes the client', () => {
  const becomes = ({ name, arguments: [, token] }: Call) =>
    name === 'ImpersonateNamedPipeClient' || (name === 'SetThreadToken' && token !== 0);
  const returns = ({ name, arguments: [, token] }: Call) =>
    name === 'RevertToSelf' || (name === 'SetThreadToken' && token === 0);

  it('is itself again before its next client, and before it does anything with pipes', async () => {
    const calls = await traced(`
      const server = await listen(name);
      const pipes = [];
      for (let i = 0; i < 3; i++) pipes.push(await connect(name, { impersonation: 'impersonation' }));
      for await (const served of server) {
        await served.peerUser();
        await served.runAsClient(() => {});
        await served.runAsClient(() => { throw new Error('x'); }).catch(() => {});
        await served.runAsClient((as) => Promise.all([as.stat('.'), as.readdir('.'), as.user()]));
        await pipes.shift().close();
        if (pipes.length === 0) break;
      }
      await server.close({ connections: true });`);
    let changes = 0;
    for (const thread of new Set(calls.map((call) => call.thread))) {
      let acting = false;
      for (const call of calls.filter((made) => made.thread === thread)) {
        if (becomes(call)) {
          expect(acting, JSON.stringify(call)).toBe(false);
          acting = true;
          changes++;
        } else if (returns(call)) {
          acting = false;
        } else {
          expect(acting && /Pipe|ReadFile|WriteFile/.test(call.name), JSON.stringify(call)).toBe(false);
        }
      }
      expect(acting).toBe(false);
    }
    // Of each client, at least: peerUser once, and each runAsClient.
    expect(changes).toBeGreaterThanOrEqual(3 * (1 + 3));
  });
});

it("Wine's log is read as it is written", () => {
  const log = [
    '00fc:Call advapi32.ImpersonateNamedPipeClient(000000d4) ret=6ffffb9851b8',
    '00fc:Call kernelbase.ImpersonateNamedPipeClient(000000d4) ret=6ffffb9851b9',
    String.raw`0120:Call kernelbase.CreateNamedPipeW(7ffffefa2f30 L"\\\\.\\pipe\\a, b",400c0003,7f0000000008,000000ff) ret=6fb8`,
    '00fc:Ret  kernelbase.ImpersonateNamedPipeClient() retval=00000001 ret=6ffffb9851b9',
    '00fc:Ret  advapi32.ImpersonateNamedPipeClient() retval=00000001 ret=6ffffb9851b8',
    'something else',
    '',
  ];
  const calls = callsOf(log.join('\r\n'));
  expect(calls).toEqual([
    { name: 'ImpersonateNamedPipeClient', thread: '00fc', arguments: [0xd4], result: 1 },
    {
      name: 'CreateNamedPipeW',
      thread: '0120',
      arguments: ['\\\\.\\pipe\\a, b', 0x400c0003, 8, 255],
      result: undefined,
    },
  ]);
  expect(callsOn(calls, 'CreateNamedPipeW', '\\\\.\\pipe\\a, b')).toHaveLength(1);
});
