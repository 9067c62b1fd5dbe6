import { serdes, StreamsBuilder } from '../../src';
import { EpochStore } from '../../src/state/epoch-store';
import { TopologyTestDriver } from '../../src/testing';
import { text } from '../topology/build';
import { streamToOut, toOut } from './results';

const plus = (left: string, right: string | null): string => `${left}+${right}`;
const KEYS = Array.from({ length: 300 }, (_, key) => `key-${key}`);

/** How often an operator had to wait for a row, when many records come at once and no row is in memory. */
async function waits(write: (builder: StreamsBuilder) => void): Promise<number> {
  const builder = new StreamsBuilder();
  write(builder);
  const driver = await TopologyTestDriver.open(builder.build());
  const rows = KEYS.map((key) => ({ key, value: `row of ${key}`, timestamp: 0 }));
  await driver.createInputTopic('rows', text).pipeRecordList(rows);
  await driver.restart();
  const load = jest.spyOn(EpochStore.prototype, 'load');
  try {
    await driver
      .createInputTopic('in', text)
      .pipeRecordList(rows.map(({ key }) => ({ key, value: key, timestamp: 1 })));
    const out = driver.createOutputTopic('out', text).readKeyValuesToMap();
    expect(out.size).toBe(KEYS.length);
    expect(out.get('key-7')).toContain('row of key-7');
    return load.mock.calls.length;
  } finally {
    load.mockRestore();
    await driver.close();
  }
}

describe('the rows that a batch of records needs are loaded before it is processed', () => {
  it('for a stream joined with a table, also through one without a store', async () => {
    expect(
      await waits((builder) => streamToOut(builder.stream('in', text).join(builder.table('rows', text), plus))),
    ).toBe(0);
    expect(
      await waits((builder) =>
        streamToOut(
          builder.stream('in', text).leftJoin(
            builder.table('rows', text).filter(() => true),
            plus,
          ),
        ),
      ),
    ).toBe(0);
  });

  it('for two tables joined by their keys', async () => {
    expect(
      await waits((builder) =>
        toOut(builder.table('in', text).join(builder.table('rows', text), plus, { value: serdes.string })),
      ),
    ).toBe(0);
  });

  it('for a stream joined with a global table', async () => {
    const joined = (change: (value: string) => string) => (builder: StreamsBuilder) =>
      streamToOut(
        builder
          .stream('in', text)
          .filter(() => true)
          .mapValues(change, { name: 'map' })
          .join(builder.globalTable('rows', text), (key) => key, plus),
      );
    // Behind an operator that changes the value nobody can know the key ahead.
    expect(await waits(joined((value) => value))).toBe(KEYS.length);
    expect(
      await waits((builder) =>
        streamToOut(
          builder
            .stream('in', text)
            .filter(() => true)
            .join(builder.globalTable('rows', text), (_key, value) => value, plus),
        ),
      ),
    ).toBe(0);
  });
});
