// Which of several reasons a connection's end tells: they reach JavaScript one after the other.
import { describe, expect, it } from 'vitest';
import { Ending } from '../lib/ending.ts';
import { PipeError } from '../lib/index.ts';

const unsent = new PipeError('EPIPE', 'write EPIPE: the connection has failed', { syscall: 'write' });
const ranOut = new PipeError('ETIMEDOUT', 'read ETIMEDOUT', { option: 'firstFrameTimeout' });
const mine = new Error('mine');

describe('closed', () => {
  it('tells why the connection ended, not that frames could not be sent then', async () => {
    const ending = new Ending('pipe');
    ending.unsent(unsent);
    ending.finish(ranOut);
    await expect(ending.closed).rejects.toBe(ranOut);
    expect(ending.signal.reason).toBe(ranOut);
    expect(ending.refusal('write').cause).toBe(ranOut);
  });

  it('tells that frames could not be sent, when the end gives no reason', async () => {
    const ending = new Ending('pipe');
    ending.unsent(unsent);
    ending.finish(undefined);
    await expect(ending.closed).rejects.toBe(unsent);
  });

  it('tells what this side destroyed the connection with, whatever else is told', async () => {
    const ending = new Ending('pipe');
    ending.unsent(unsent);
    ending.failed(mine);
    ending.begin();
    ending.finish(ranOut);
    await expect(ending.closed).rejects.toBe(mine);
  });
});

describe('the error of a call that the end cuts short', () => {
  const cutShort = () =>
    new PipeError('EPIPE', 'waitForDrain EPIPE: the connection failed', { syscall: 'waitForDrain' });

  it('has the reason of the end as its cause', () => {
    const ending = new Ending('pipe');
    ending.failed(ranOut);
    const error = ending.explained(cutShort());
    expect(error).toMatchObject({ code: 'EPIPE', cause: ranOut });
    expect(Object.keys(error as object)).not.toContain('cause'); // as with any other Error
  });

  it('has none when the end has none; and an error of another kind stays as it is', () => {
    const ending = new Ending('pipe');
    expect(ending.explained(cutShort())).not.toHaveProperty('cause');
    ending.failed(ranOut);
    expect(ending.explained(mine)).not.toHaveProperty('cause');
    expect(ending.explained(ranOut)).not.toHaveProperty('cause');
  });
});
