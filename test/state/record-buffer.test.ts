import fc from 'fast-check';
import { NO_HEADERS } from '../../src/serde/record';
import { serdes } from '../../src/serde/serdes';
import { EpochStore } from '../../src/state/epoch-store';
import { openMemoryState } from '../../src/state/memory-state';
import { RecordBuffer } from '../../src/state/record-buffer';
import { bufferedRecordSerde, bufferKeySerde } from '../../src/topology/buffer-serdes';
import type { StoreDefinition } from '../../src/topology/graph';
import { commitStore } from './commit-store';

const definition: StoreDefinition = {
  kind: 'record-buffer',
  name: 'buffer',
  keySerde: bufferKeySerde(serdes.string),
  valueSerde: bufferedRecordSerde(serdes.string),
  changelog: true,
  backend: 'memory',
};

describe('RecordBuffer', () => {
  it('gives each record once its time has come, in the order of time, key and arrival, whatever was committed', async () => {
    const step = fc.record({
      key: fc.constantFrom('a', 'ab', 'b'),
      later: fc.integer({ min: -20, max: 12 }),
      commit: fc.boolean(),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 60 }), fc.nat(15), async (steps, graceMs) => {
        const database = openMemoryState('test', [definition]);
        const open = () => new EpochStore<unknown, unknown>(definition, database, { timestamp: 0 }, 1000, false);
        let store = open();
        let buffer = new RecordBuffer(store, serdes.string, graceMs);
        let waiting: { key: string; timestamp: number; number: number }[] = [];
        let now = 100;
        let highest = -1;
        for (const [number, { key, later, commit }] of steps.entries()) {
          now = Math.max(0, now + later);
          const fits = now >= highest - graceMs;
          expect(await buffer.put(key, `${number}`, now, NO_HEADERS)).toBe(fits);
          if (fits) waiting.push({ key, timestamp: now, number });
          if (fits) highest = Math.max(highest, now);
          const due = waiting.filter(({ timestamp }) => timestamp <= highest - graceMs);
          waiting = waiting.filter((record) => !due.includes(record));
          const taken: { key: unknown; timestamp: number; number: number }[] = [];
          for (let next = await buffer.takeDue(); next !== undefined; next = await buffer.takeDue()) {
            taken.push({ key: next.key, timestamp: next.timestamp, number: Number(next.value) });
          }
          // 'ab' and its number are less than 'b', and more than 'a' and its number: a number begins with a zero byte.
          due.sort(
            (one, other) => one.timestamp - other.timestamp || compare(one.key, other.key) || one.number - other.number,
          );
          expect(taken).toEqual(due);
          if (!commit) continue;
          if (!(await commitStore(store, database))) continue;
          store = open();
          buffer = new RecordBuffer(store, serdes.string, graceMs);
        }
      }),
      { numRuns: 300 },
    );
  });
});

function compare(one: string, other: string): number {
  return Buffer.compare(Buffer.from(one), Buffer.from(other));
}
