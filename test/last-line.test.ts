// lines({ lastLine }): a last line that nothing ends, when the peer closes.
import { describe, expect, it } from 'vitest';
import { framing } from '../lib/index.ts';
import { pair } from './support/pipes.ts';

const raw = { framing: framing.raw() as never };

describe.each(['close', 'end'] as const)('a last line, behind which the peer calls %s()', (call) => {
  it.each([
    ['one\nlast', ['one', 'last']],
    ['one\r\nlast\r', ['one', 'last']],
    ['last', ['last']],
    ['one\n', ['one']],
    ['\n\n', ['', '']],
    ['one\n\r', ['one', '']],
  ])("%j is %j with 'frame'", async (text, lines) => {
    const { client, served } = await pair({ framing: framing.lines({ as: 'utf8', lastLine: 'frame' }) }, raw);
    await client.send(Buffer.from(text));
    const saw = await client[call]();
    if (saw === false) await client.close(); // Windows shows the peer nothing else
    const read: string[] = [];
    for await (const line of served) read.push(line);
    expect(read).toEqual(lines);
    expect(served.ended).toBe(true);
    await client.close();
    await served.closed;
  });

  it("is ERR_FRAME_TRUNCATED with 'error', behind the lines before it", async () => {
    const { client, served } = await pair({ framing: framing.lines({ as: 'utf8' }) }, raw);
    await client.send(Buffer.from('one\nlast'));
    const saw = await client[call]();
    if (saw === false) await client.close();
    expect(await served.read()).toBe('one');
    const truncated = { code: 'ERR_FRAME_TRUNCATED', position: 4, limit: 4, path: served.path };
    await expect(served.read()).rejects.toMatchObject(truncated);
    await client.close();
    await expect(served.closed).rejects.toMatchObject(truncated);
  });
});

it('a last line that is not what `as` says costs itself alone', async () => {
  const { client, served } = await pair({ framing: framing.lines({ as: 'json', lastLine: 'frame' }) }, raw);
  await client.send(Buffer.from('1\n{"cut'));
  await client.close();
  expect(await served.read()).toBe(1);
  await expect(served.read()).rejects.toMatchObject({ code: 'ERR_FRAME_INVALID', position: 2 });
  expect(await served.read()).toBe(null);
  await served.closed;
});
