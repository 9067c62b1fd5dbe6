import { serdes, StreamsBuilder } from '../../src';
import { TopologyTestDriver } from '../../src/testing';
import { median } from '../statistics';

const VALUE = 'x'.repeat(100);

/** The rate of a count by key in the TopologyTestDriver, with one `pipeRecordList`: no Kafka, and no peer to compare with. */
export async function benchDriver(
  { records, keys, runs }: { readonly records: number; readonly keys: number; readonly runs: number },
  log: (line: string) => void,
): Promise<number> {
  const rates: number[] = [];
  for (let run = 0; run < runs; run++) {
    const { perSecond, perCpuSecond } = await countOnce(records, keys);
    log(`run ${run + 1}: ${text(perSecond)} records/s, ${text(perCpuSecond)} for each second of CPU time`);
    rates.push(perSecond);
  }
  const middle = median(rates);
  log(`driver, ${text(records)} records, ${text(keys)} keys: ${text(middle)} records/s`);
  return middle;
}

const text = (rate: number): string => Math.round(rate).toLocaleString('en');

/** Beside the rate that of CPU time, which says more on a busy machine. */
async function countOnce(records: number, keys: number): Promise<{ perSecond: number; perCpuSecond: number }> {
  const serde = { key: serdes.string, value: serdes.string };
  const builder = new StreamsBuilder();
  builder.stream('in', serde).groupByKey().count('counts').toStream().to('out', { value: serdes.int64AsNumber });
  const driver = await TopologyTestDriver.open(builder.build());
  const input = driver.createInputTopic('in', serde);
  const list = Array.from({ length: records }, (_, index) => ({ key: `key-${index % keys}`, value: VALUE }));
  const startedAt = performance.now();
  const cpuBefore = process.cpuUsage();
  await input.pipeRecordList(list);
  const seconds = (performance.now() - startedAt) / 1_000;
  const { user, system } = process.cpuUsage(cpuBefore);
  const count = await driver.getKeyValueStore<string, number>('counts')!.get('key-0');
  if (count !== Math.ceil(records / keys)) throw new Error(`key-0 was counted ${count} times`);
  await driver.close();
  return { perSecond: records / seconds, perCpuSecond: (records * 1_000_000) / (user + system) };
}
