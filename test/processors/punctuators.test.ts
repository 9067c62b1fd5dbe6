import { TopologyTestDriver, type TopologyTestDriverOptions } from '../../src/testing';
import type { Cancellable, Processor, ProcessorContext } from '../../src/topology/processor-api';
import { StreamsBuilder } from '../../src/topology/streams-builder';
import { text } from '../topology/build';

type Context = ProcessorContext<string, string>;
type Init = (context: Context) => Partial<Processor<string, string, string, string>> | void;

interface Run {
  readonly driver: TopologyTestDriver;
  pipe(...timestamps: number[]): Promise<void>;
  out(): (readonly [string | null, string | null, number])[];
}

/** A processor between `in` and `out` that is what `init` returns. */
async function running(init: Init, options: TopologyTestDriverOptions = {}): Promise<Run> {
  const builder = new StreamsBuilder();
  builder
    .stream('in', text)
    .process<string, string>(() => {
      let own: Partial<Processor<string, string, string, string>> = {};
      return {
        init: (context) => void (own = init(context) ?? {}),
        process: (record) => own.process?.(record),
      };
    })
    .to('out', text);
  const driver = await TopologyTestDriver.open(builder.build(), options);
  const input = driver.createInputTopic('in', text);
  const output = driver.createOutputTopic('out', text);
  return {
    driver,
    pipe: (...timestamps) =>
      input.pipeRecordList(
        timestamps.map((timestamp) => ({
          key: 'a',
          value: String(timestamp),
          timestamp,
          headers: [{ key: 'h', value: null }],
        })),
      ),
    out: () => output.readRecordsToList().map(({ key, value, timestamp }) => [key, value, timestamp] as const),
  };
}

describe('punctuations by stream time', () => {
  it('begin with the first record, and come once however many intervals it jumps over', async () => {
    const fired: number[] = [];
    const { pipe } = await running(
      (context) => void context.schedule(10, 'stream-time', (time) => void fired.push(time)),
    );
    await pipe(3, 5, 9, 10, 12, 47, 48, 50, 20, 60);
    expect(fired).toEqual([3, 10, 47, 50, 60]);
  });

  it('come right after the record that moved the time, and see that time', async () => {
    const log: string[] = [];
    const { pipe } = await running((context) => {
      context.schedule(10, 'stream-time', (time) => void log.push(`punctuate ${time} at ${context.streamTime()}`));
      return { process: ({ timestamp }) => void log.push(`record ${timestamp}`) };
    });
    await pipe(5, 10, 11);
    expect(log).toEqual(['record 5', 'punctuate 5 at 5', 'record 10', 'punctuate 10 at 10', 'record 11']);
  });

  it('come in the order of Kafka Streams where there are several', async () => {
    const log: string[] = [];
    const { pipe } = await running((context) => {
      context.schedule(10, 'stream-time', (time) => void log.push(`s${time}`));
      return {
        process: ({ timestamp }) => {
          log.push(`r${timestamp}`);
          if (timestamp === 9) context.schedule(5, 'stream-time', (time) => void log.push(`x${time}`));
        },
      };
    });
    await pipe(3, 5, 9, 10, 12, 47, 48, 50, 20, 60);
    // What the TopologyTestDriver of Kafka Streams 4.1.0 does with the same.
    expect(log.join(' ')).toBe('r3 s3 r5 r9 x9 r10 s10 x10 r12 r47 x47 s47 r48 r50 x50 s50 r20 r60 x60 s60');
  });

  it('do not care about the wall clock', async () => {
    let fired = 0;
    const { driver, pipe } = await running((context) => void context.schedule(10, 'stream-time', () => void fired++));
    await driver.advanceWallClockTime(1_000);
    expect(fired).toBe(0);
    await pipe(1);
    expect(fired).toBe(1);
  });

  it('go on from the time that was committed when a task is opened again', async () => {
    const fired: number[] = [];
    const { driver, pipe } = await running(
      (context) => void context.schedule(10, 'stream-time', (time) => void fired.push(time)),
    );
    await pipe(35);
    await driver.restart();
    await pipe(36, 40);
    expect(fired).toEqual([35, 35, 40]);
  });
});

describe('punctuations by the wall clock', () => {
  it('come after each interval, without records, and what was missed is not made up for', async () => {
    const fired: number[] = [];
    const { driver } = await running(
      (context) => void context.schedule(10, 'wall-clock-time', (time) => void fired.push(time)),
      { initialWallClockTime: 1_003 },
    );
    await driver.advanceWallClockTime(9);
    expect(fired).toEqual([]);
    await driver.advanceWallClockTime(1);
    await driver.advanceWallClockTime(35);
    await driver.advanceWallClockTime(4);
    expect(fired).toEqual([1_013, 1_048]);
    await driver.advanceWallClockTime(1);
    expect(fired).toEqual([1_013, 1_048, 1_053]);
  });

  it('tell the processor which time it is', async () => {
    const times: number[] = [];
    const { driver } = await running(
      (context) => void context.schedule(10, 'wall-clock-time', () => void times.push(context.wallClockTime())),
      { initialWallClockTime: 500 },
    );
    await driver.advanceWallClockTime(12);
    expect(times).toEqual([512]);
  });
});

describe('a punctuation', () => {
  it('forwards with its time, no headers and no record behind it, and what it forwards is committed', async () => {
    const seen: unknown[] = [];
    const { driver, out } = await running((context) => {
      context.schedule(10, 'wall-clock-time', async (time) => {
        seen.push(context.recordMetadata());
        await context.forward('tick', String(time));
        await context.forward('late', '-', { timestamp: 3, headers: [{ key: 'own', value: null }] });
      });
    });
    await driver.advanceWallClockTime(10);
    expect(seen).toEqual([undefined]);
    expect(out()).toEqual([
      ['tick', '10', 10],
      ['late', '-', 3],
    ]);
  });

  it('has no headers of the record before it', async () => {
    const builder = new StreamsBuilder();
    builder
      .stream('in', text)
      .processValues<string>(() => ({
        init: (context) => void context.schedule(1, 'stream-time', () => void context.forward('tick', '')),
        process: () => undefined,
      }))
      .to('out', text);
    const driver = await TopologyTestDriver.open(builder.build());
    const headers = [{ key: 'h', value: null }];
    await driver.createInputTopic('in', text).pipeInput('a', '1', { timestamp: 1, headers });
    expect(driver.createOutputTopic('out', text).readRecord()).toMatchObject({ key: 'tick', headers: [] });
  });

  it('can be cancelled, also by itself', async () => {
    const fired: string[] = [];
    const { pipe } = await running((context) => {
      const first: Cancellable = context.schedule(1, 'stream-time', () => {
        fired.push('first');
        first.cancel();
      });
      const second = context.schedule(1, 'stream-time', () => void fired.push('second'));
      return {
        process: ({ timestamp }) => {
          if (timestamp === 3) second.cancel();
        },
      };
    });
    await pipe(1, 2, 3, 4);
    expect(fired).toEqual(['first', 'second', 'second']);
  });

  it('can be scheduled while a record is processed', async () => {
    const fired: number[] = [];
    const { pipe } = await running((context) => ({
      process: ({ timestamp }) => {
        if (timestamp === 7) context.schedule(5, 'stream-time', (time) => void fired.push(time));
      },
    }));
    await pipe(6, 7, 9, 10);
    expect(fired).toEqual([7, 10]);
  });

  it('holds the next record while it waits', async () => {
    const log: string[] = [];
    const { pipe } = await running((context) => {
      context.schedule(1, 'stream-time', async (time) => {
        await new Promise((resolve) => setImmediate(resolve));
        log.push(`tick ${time}`);
      });
      return { process: ({ timestamp }) => void log.push(`record ${timestamp}`) };
    });
    await pipe(1, 2);
    expect(log).toEqual(['record 1', 'tick 1', 'record 2', 'tick 2']);
  });

  it('that fails names its processor and follows the processing handler', async () => {
    const fails: Init = (context) =>
      void context.schedule(10, 'wall-clock-time', () => {
        throw new Error('no good');
      });
    const failing = await running(fails);
    await expect(failing.driver.advanceWallClockTime(10)).rejects.toThrow(/process-1.*no good/s);
    const lenient = await running(fails, { handlers: { processing: 'continue' } });
    await lenient.driver.advanceWallClockTime(10);
    await lenient.driver.advanceWallClockTime(10);
    expect(lenient.driver.skipped).toEqual(new Map([['processing', 2]]));
    const buried = await running(fails, { handlers: { processing: 'dead-letter' } });
    await buried.driver.advanceWallClockTime(10);
    const letters = buried.driver.createOutputTopic('dead-letters', text);
    expect(letters.readRecord()).toMatchObject({ key: null, value: null, timestamp: 10 });
  });

  it.each([0, -1, 1.5, Number.NaN])('cannot have an interval of %d', async (interval) => {
    await expect(running((context) => void context.schedule(interval, 'stream-time', () => undefined))).rejects.toThrow(
      /process-1.*scheduled a punctuation every/,
    );
  });
});
