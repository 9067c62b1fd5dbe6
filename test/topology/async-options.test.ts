import { problemsOf, text } from './build';
import type { AsyncOptions } from '../../src';

const ask = (value: string): Promise<string> => Promise.resolve(value);

describe('options of asynchronous operators', () => {
  it.each([
    [{ concurrency: 0 }, /'ask' has concurrency 0\. Give a whole number from 1 up/],
    [{ concurrency: 1.5 }, /concurrency 1\.5/],
    [{ timeoutMs: 0 }, /'ask' has timeoutMs 0\. Give milliseconds from 1 to/],
    [{ timeoutMs: NaN }, /timeoutMs/],
    [{ totalTimeoutMs: 0 }, /totalTimeoutMs 0/],
    [{ retries: -1 }, /retries -1\. Give a whole number from 0 up/],
    [{ backoffMs: -1 }, /backoffMs -1/],
    [{ maxBackoffMs: 2 ** 40 }, /maxBackoffMs/],
    [{ jitter: 2 }, /jitter 2\. Give a number from 0 to 1/],
    [{ order: 'any' }, /order "any"\. Give 'partition', 'key' or 'none'/],
  ])('refuses %j and names the node', (options, message) => {
    const problems = problemsOf((builder) =>
      builder
        .stream('in', text)
        .mapValuesAsync(ask, { name: 'ask', ...options } as AsyncOptions<string, 'key' | 'value'>)
        .to('out', text),
    );
    expect(problems).toHaveLength(1);
    expect(problems[0]!.code).toBe('TOPOLOGY_ILLEGAL_ASYNC_OPTION');
    expect(problems[0]!.location).toEqual({ node: 'ask' });
    expect(problems[0]!.message).toMatch(message);
  });

  it('needs a key serde to keep the order of keys', () => {
    const problems = problemsOf((builder) =>
      builder
        .stream('in', text)
        .selectKey((_key, value) => value, { name: 'by-value' })
        .mapValuesAsync(ask, { name: 'ask', order: 'key' } as never)
        .to('out', text),
    );
    expect(problems.map(({ message }) => message)).toEqual([
      expect.stringMatching(/After node 'by-value' no key serde is known, and one is needed to keep the order.*'ask'/),
    ]);
  });
});
