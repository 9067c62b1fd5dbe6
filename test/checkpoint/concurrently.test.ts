import { concurrently } from '../../src/checkpoint/concurrently';

describe('work that is done concurrently', () => {
  it('gives its results in the order of the items, with no more under way than are allowed', async () => {
    let underWay = 0;
    let most = 0;
    const results = await concurrently([5, 3, 1, 4, 2], 2, async (item) => {
      most = Math.max(most, ++underWay);
      for (let turn = 0; turn < item; turn++) await Promise.resolve();
      underWay--;
      return item * 10;
    });
    expect(results).toEqual([50, 30, 10, 40, 20]);
    expect(most).toBe(2);
  });

  it('aborts what is under way when one fails, and fails when that has ended, with nothing begun after it', async () => {
    const events: string[] = [];
    const first = new Error('first');
    const work = async (item: string, signal: AbortSignal): Promise<void> => {
      events.push(`${item} begins`);
      if (item === 'bad') throw first;
      await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve()));
      await Promise.resolve();
      events.push(`${item} ends`);
      throw new Error('second');
    };
    await expect(concurrently(['long', 'bad', 'never'], 2, work)).rejects.toBe(first);
    expect(events).toEqual(['long begins', 'bad begins', 'long ends']);
  });

  it('begins nothing, and aborts what is under way, when its caller aborts it', async () => {
    const caller = new AbortController();
    const begun: number[] = [];
    const work = async (item: number, signal: AbortSignal): Promise<void> => {
      begun.push(item);
      caller.abort(new Error('enough'));
      signal.throwIfAborted();
    };
    await expect(concurrently([1, 2, 3], 1, work, caller.signal)).rejects.toThrow('enough');
    await expect(concurrently([4], 1, work, caller.signal)).rejects.toThrow('enough');
    expect(begun).toEqual([1]);
  });
});
