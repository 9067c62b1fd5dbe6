import {
  CheckpointFailedError,
  NoCoordinatorError,
  requestCheckpoint,
  type RequestChannel,
} from '../../src/checkpoint/checkpoint-requests';
import type { Answer, ControlMessage } from '../../src/checkpoint/control-messages';

const WANTED = {
  applicationId: 'app',
  kind: 'savepoint' as const,
  id: 'before-v2',
  thenStop: false,
  answerTimeoutMs: 60_000,
};

/** A control topic with somebody who answers what is said. */
class AnsweringChannel implements RequestChannel {
  readonly said: ControlMessage[] = [];
  private readonly listeners = new Set<(message: ControlMessage) => void>();

  constructor(private readonly outcomes: readonly Answer['outcome'][]) {}

  get isHeard(): boolean {
    return this.listeners.size > 0;
  }

  send(message: ControlMessage): void {
    this.said.push(message);
    if (message.type !== 'request') return;
    for (const request of ['of somebody else', message.request])
      for (const outcome of this.outcomes)
        this.listeners.forEach((listener) => listener({ type: 'answer', request, outcome }));
  }

  listen(listener: (message: ControlMessage) => void): () => void {
    this.listeners.add(listener);
    return () => void this.listeners.delete(listener);
  }
}

describe('a request for a checkpoint', () => {
  it('ends with the id of what was completed', async () => {
    const channel = new AnsweringChannel([
      { status: 'begun', number: 7 },
      { status: 'completed', id: 'before-v2' },
    ]);
    const begun: number[] = [];
    expect(await requestCheckpoint(channel, { ...WANTED, onBegun: (number) => begun.push(number) })).toBe('before-v2');
    expect(begun).toEqual([7]);
    expect(channel.said).toMatchObject([{ type: 'request', kind: 'savepoint', id: 'before-v2', thenStop: false }]);
    expect(channel.isHeard).toBe(false);
  });

  it('ends with the reason why it failed', async () => {
    const channel = new AnsweringChannel([{ status: 'failed', reason: 'the consumer group rebalanced' }]);
    const failed = requestCheckpoint(channel, WANTED);
    await expect(failed).rejects.toThrow(CheckpointFailedError);
    await expect(failed).rejects.toThrow('The savepoint failed: the consumer group rebalanced.');
  });

  describe('that nobody hears', () => {
    beforeEach(() => void jest.useFakeTimers());
    afterEach(() => void jest.useRealTimers());

    it('is made again, and given up in the end', async () => {
      const channel = new AnsweringChannel([]);
      const failed = expect(requestCheckpoint(channel, { ...WANTED, answerTimeoutMs: 5_000 })).rejects.toThrow(
        NoCoordinatorError,
      );
      await jest.advanceTimersByTimeAsync(5_000);
      await failed;
      expect(channel.said).toHaveLength(3);
      expect(new Set(channel.said.map((message) => JSON.stringify(message))).size).toBe(1);
      expect(channel.isHeard).toBe(false);
    });

    it('waits for its end, however long that takes, once it has begun', async () => {
      const channel = new AnsweringChannel([{ status: 'begun', number: 1 }]);
      let settled = false;
      void requestCheckpoint(channel, { ...WANTED, answerTimeoutMs: 5_000 }).finally(() => (settled = true));
      await jest.advanceTimersByTimeAsync(600_000);
      expect(settled).toBe(false);
    });
  });
});
