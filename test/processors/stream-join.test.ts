import { windows, type JoinWindowsOptions } from '../../src';
import { TopologyTestDriver } from '../../src/testing';
import { build, text } from '../topology/build';

type Kind = 'join' | 'leftJoin' | 'outerJoin';

const joined = (left: string | null, right: string | null): string => `${left ?? '-'}+${right ?? '-'}`;

async function open(kind: Kind, options: JoinWindowsOptions, commit: 'auto' | 'manual' = 'auto') {
  const driver = await TopologyTestDriver.open(
    build((builder) => {
      const left = builder.stream('left', text);
      const right = builder.stream('right', text);
      const window = windows.join(options);
      if (kind === 'join') left.join(right, joined, window).to('out', text);
      else if (kind === 'leftJoin') left.leftJoin(right, joined, window).to('out', text);
      else left.outerJoin(right, joined, window).to('out', text);
    }),
    { commit },
  );
  const left = driver.createInputTopic('left', text);
  const right = driver.createInputTopic('right', text);
  const out = driver.createOutputTopic('out', text);
  return {
    driver,
    left: (key: string | null, value: string | null, timestamp: number) => left.pipeInput(key, value, { timestamp }),
    right: (key: string | null, value: string | null, timestamp: number) => right.pipeInput(key, value, { timestamp }),
    results: () => out.readRecordsToList().map(({ key, value, timestamp }) => `${key}:${value}@${timestamp}`),
  };
}

describe('a windowed join of two streams', () => {
  it('joins what is no further apart than the window, with the later timestamp', async () => {
    const { left, right, results } = await open('join', { timeDifferenceMs: 10, graceMs: 100 });
    await left('a', 'l1', 100);
    await right('a', 'r1', 110);
    await right('a', 'r2', 111);
    await right('a', 'r3', 90);
    await right('b', 'r4', 100);
    await left('a', 'l2', 105);
    expect(results()).toEqual(['a:l1+r1@110', 'a:l1+r3@100', 'a:l2+r1@110', 'a:l2+r2@111']);
  });

  it('takes different limits before and after, also such that exclude equal timestamps', async () => {
    const after = await open('join', { timeDifferenceMs: 0, beforeMs: 0, afterMs: 10, graceMs: 0 });
    await after.left('a', 'l', 100);
    await after.right('a', 'r1', 99);
    await after.right('a', 'r2', 100);
    await after.right('a', 'r3', 110);
    expect(after.results()).toEqual(['a:l+r2@100', 'a:l+r3@110']);
    const later = await open('join', { timeDifferenceMs: 0, beforeMs: -5, afterMs: 10, graceMs: 0 });
    await later.left('a', 'l', 100);
    await later.right('a', 'r1', 104);
    await later.right('a', 'r2', 105);
    expect(later.results()).toEqual(['a:l+r2@105']);
  });

  it('keeps duplicates, and gives results in the order of the other side’s timestamps', async () => {
    const { left, right, results } = await open('join', { timeDifferenceMs: 10, graceMs: 100 });
    await left('a', 'l1', 105);
    await left('a', 'l2', 100);
    await left('a', 'l2', 100);
    await right('a', 'r', 102);
    expect(results()).toEqual(['a:l2+r@102', 'a:l2+r@102', 'a:l1+r@105']);
  });

  it('does not join with what is older than window and grace period, and counts it', async () => {
    const { driver, left, right, results } = await open('join', { timeDifferenceMs: 10, graceMs: 5 });
    await right('a', 'old', 75);
    await left('a', 'l1', 100);
    await left('a', 'late', 75);
    await left('a', 'in time', 76);
    await right('a', 'r', 80);
    expect(results()).toEqual(['a:late+old@75', 'a:in time+old@76', 'a:in time+r@80']);
    expect(driver.skipped).toEqual(new Map([['late-record', 1]]));
  });

  it('leaves out null keys and null values, and counts them', async () => {
    const { driver, left, right, results } = await open('join', { timeDifferenceMs: 10, graceMs: 0 });
    await left(null, 'l', 1);
    await right('a', null, 1);
    expect(results()).toEqual([]);
    expect(driver.skipped).toEqual(
      new Map([
        ['null-key', 1],
        ['null-value', 1],
      ]),
    );
  });

  it('keeps many records of one key in lists of a bounded length', async () => {
    const { driver, left, right, results } = await open('join', { timeDifferenceMs: 10_000, graceMs: 0 });
    for (let index = 0; index < 200; index++) await left('a', `l${index}`, index);
    await driver.restart({ state: 'lost' });
    await right('a', 'r', 100);
    expect(results()).toEqual(Array.from({ length: 200 }, (_, index) => `a:l${index}+r@${Math.max(100, index)}`));
  });

  it('leaves out the result that the joiner fails on, and keeps the record for later ones', async () => {
    const driver = await TopologyTestDriver.open(
      build((builder) => {
        const joiner = (left: string, right: string | null): string => {
          if (right === 'bad' || (right === null && left === 'alone')) throw new Error('no good');
          return joined(left, right);
        };
        const window = windows.join({ timeDifferenceMs: 10, graceMs: 0 });
        builder.stream('left', text).leftJoin(builder.stream('right', text), joiner, window).to('out', text);
      }),
      { handlers: { processing: 'continue' } },
    );
    const left = driver.createInputTopic('left', text);
    const right = driver.createInputTopic('right', text);
    await right.pipeInput('a', 'bad', { timestamp: 1 });
    await left.pipeInput('a', 'l', { timestamp: 1 });
    await right.pipeInput('a', 'good', { timestamp: 2 });
    await left.pipeInput('b', 'alone', { timestamp: 3 });
    await left.pipeInput('c', 'other', { timestamp: 4 });
    await left.pipeInput('c', 'last', { timestamp: 50 });
    expect(driver.createOutputTopic('out', text).readKeyValuesToList()).toEqual([
      ['a', 'l+good'],
      ['c', 'other+-'],
    ]);
    expect(driver.skipped).toEqual(new Map([['processing', 2]]));
  });

  it('joins a stream with itself, each record also with itself', async () => {
    const driver = await TopologyTestDriver.open(
      build((builder) => {
        const stream = builder.stream('in', text);
        stream.join(stream, joined, windows.join({ timeDifferenceMs: 10, graceMs: 0 })).to('out', text);
      }),
    );
    const input = driver.createInputTopic('in', text);
    await input.pipeInput('a', '1', { timestamp: 100 });
    await input.pipeInput('a', '2', { timestamp: 105 });
    expect(driver.createOutputTopic('out', text).readKeyValuesToList()).toEqual([
      ['a', '1+1'],
      ['a', '2+1'],
      ['a', '1+2'],
      ['a', '2+2'],
    ]);
  });
});

describe('a left join of two streams', () => {
  it('gives a record without a partner once its window and grace period are over', async () => {
    const { left, right, results } = await open('leftJoin', { timeDifferenceMs: 10, graceMs: 5 });
    await left('a', 'l1', 100);
    await right('b', 'r', 115);
    expect(results()).toEqual([]);
    await right('b', 'r', 116);
    expect(results()).toEqual(['a:l1+-@100']);
  });

  it('gives no such result for a record that was joined, even late', async () => {
    const { left, right, results } = await open('leftJoin', { timeDifferenceMs: 10, graceMs: 50 });
    await left('a', 'l1', 100);
    await right('b', 'r', 150);
    await right('a', 'late', 95);
    await right('b', 'r', 300);
    expect(results()).toEqual(['a:l1+late@100']);
  });

  it('gives a late record without a partner at once when its window is past', async () => {
    const { left, right, results } = await open('leftJoin', { timeDifferenceMs: 10, graceMs: 50 });
    await right('b', 'r', 150);
    await left('a', 'late', 139);
    expect(results()).toEqual(['a:late+-@139']);
  });

  it('gives a record with a null key at once, and none for the right side', async () => {
    const { driver, left, right, results } = await open('leftJoin', { timeDifferenceMs: 10, graceMs: 50 });
    await left(null, 'l', 100);
    await right(null, 'r', 100);
    expect(results()).toEqual(['null:l+-@100']);
    expect(driver.skipped).toEqual(new Map([['null-key', 1]]));
  });
});

describe('an outer join of two streams', () => {
  it('gives the records of both sides without a partner in the order of their timestamps, the right one first', async () => {
    const { left, right, results } = await open('outerJoin', { timeDifferenceMs: 10, graceMs: 0 });
    await left('b', 'l1', 101);
    await right('a', 'r1', 100);
    await left('a', 'l2', 200);
    expect(results()).toEqual(['a:-+r1@100', 'b:l1+-@101']);
    await left('z', 'l3', 201);
    await right('y', 'r3', 201);
    await left('c', 'l4', 300);
    expect(results()).toEqual(['a:l2+-@200', 'y:-+r3@201', 'z:l3+-@201']);
  });

  it.each(['kept', 'lost'] as const)('goes on after a crash as if there had been none, its state %s', async (state) => {
    const { driver, left, right, results } = await open('outerJoin', { timeDifferenceMs: 10, graceMs: 0 }, 'manual');
    await left('a', 'l1', 100);
    await right('b', 'r1', 101);
    await right('c', 'r2', 102);
    await driver.commit();
    await left('c', 'l2', 103);
    await driver.restart({ state });
    await driver.commit();
    expect(results()).toEqual(['c:l2+r2@103']);
    await driver.restart({ state });
    await right('d', 'r4', 120);
    await driver.commit();
    expect(results()).toEqual(['a:l1+-@100', 'b:-+r1@101']);
  });
});
