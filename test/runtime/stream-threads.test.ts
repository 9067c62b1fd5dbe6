import { exponentialDelay, fixedDelay, noRestart, type RestartStrategy } from '../../src/checkpoint/restart-strategy';
import { GroupMembershipError } from '../../src/kafka';
import { silentLogger } from '../../src/logging/logger';
import { RestartsExhaustedError } from '../../src/runtime/restart-errors';
import { StreamThreads } from '../../src/runtime/stream-threads';
import type { ThreadState } from '../../src/runtime/stream-thread';

/** A thread whose life the test decides; test/e2e/restart-strategies.test.ts has the real one. */
class FakeThread {
  readonly finished: Promise<void>;
  private settle!: { resolve: () => void; reject: (error: unknown) => void };

  constructor(
    readonly index: number,
    readonly moveTo: (state: ThreadState) => void,
  ) {
    this.finished = new Promise((resolve, reject) => {
      this.settle = { resolve, reject };
    });
  }

  run(): Promise<void> {
    this.moveTo('RUNNING');
    return this.finished;
  }

  shutdown(): Promise<void> {
    this.settle.resolve();
    return this.finished;
  }

  die(error: unknown): void {
    this.moveTo('DEAD');
    this.settle.reject(error);
  }
}

describe('the stream threads of an instance', () => {
  let made: FakeThread[];
  let replaced: FakeThread[];
  let allRun: boolean[];
  let failures: unknown[];
  let died: number;

  beforeEach(() => {
    jest.useFakeTimers();
    made = [];
    replaced = [];
    allRun = [];
    failures = [];
    died = 0;
  });
  afterEach(() => jest.useRealTimers());

  function start(strategy: RestartStrategy, count = 2): StreamThreads<FakeThread> {
    const threads = new StreamThreads<FakeThread>({
      count,
      create: (index, onState) => {
        const thread = new FakeThread(index, onState);
        made.push(thread);
        return thread;
      },
      strategy,
      now: () => Date.now(),
      logger: silentLogger,
      onChange: (all) => void allRun.push(all),
      onDied: () => void died++,
      onReplaced: (dead) => void replaced.push(dead),
      onFailure: (error) => void failures.push(error),
    });
    threads.start();
    return threads;
  }

  const away = new Error('away');
  const turns = (milliseconds = 0): Promise<void> => jest.advanceTimersByTimeAsync(milliseconds);

  it('run when each of them runs', () => {
    start(noRestart());
    expect(allRun).toEqual([false, true]);
  });

  it('fail with the error of the first that dies where none is restarted', async () => {
    start(noRestart());
    made[1]!.die(away);
    await turns();
    expect(failures).toEqual([away]);
    expect(died).toBe(1);
    expect(made).toHaveLength(2);
  });

  it('have another in the place of one that died, after the delay, and do not run until then', async () => {
    start(fixedDelay({ attempts: 3, delayMs: 100 }));
    made[1]!.die(away);
    await turns(99);
    expect(made).toHaveLength(2);
    expect(allRun.at(-1)).toBe(false);
    await turns(1);
    expect(made.map(({ index }) => index)).toEqual([0, 1, 1]);
    expect(replaced).toEqual([made[1]]);
    expect(allRun.at(-1)).toBe(true);
    expect(failures).toEqual([]);
  });

  it('fail when the strategy gives up, and say how often they were restarted', async () => {
    start(fixedDelay({ attempts: 2, delayMs: 1 }), 1);
    for (let death = 0; death < 3; death++) {
      made.at(-1)!.die(away);
      await turns(1);
    }
    expect(failures).toEqual([expect.any(RestartsExhaustedError)]);
    expect(failures[0]).toMatchObject({ code: 'RESTARTS_EXHAUSTED', restarts: 2, cause: away });
    expect((failures[0] as Error).message).toMatch(
      /2 restarts.*fixed-delay \(attempts: 2, delay: 1 ms\).*no attempt is left.*away/,
    );
  });

  it('are not restarted after the group refused one for good: another instance may have its place', async () => {
    const refused = new GroupMembershipError('orders', 'another member took over');
    start(fixedDelay({ attempts: 3, delayMs: 1 }));
    made[0]!.die(refused);
    await turns(1);
    expect(failures).toEqual([refused]);
    expect(made).toHaveLength(2);
  });

  it('end together, without one that was to come', async () => {
    const options = { initialMs: 100, maxMs: 100, multiplier: 1, resetAfterMs: 0, jitter: 0 };
    const threads = start(exponentialDelay(options, () => 0.5));
    made[0]!.die(away);
    await turns(50);
    expect(await threads.shutdown()).toEqual([]);
    await turns(100);
    expect(made).toHaveLength(2);
    await expect(made[1]!.finished).resolves.toBeUndefined();
  });

  it('say what they died of while they ended', async () => {
    const threads = start(fixedDelay({ attempts: 3, delayMs: 1 }));
    made[1]!.shutdown = () => {
      made[1]!.die(away);
      return made[1]!.finished;
    };
    expect(await threads.shutdown()).toEqual([away]);
    await turns(1);
    expect(made).toHaveLength(2);
    expect(failures).toEqual([away]);
  });
});
