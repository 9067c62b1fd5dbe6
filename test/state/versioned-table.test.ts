import fc from 'fast-check';
import { serdes } from '../../src/serde/serdes';
import { EpochStore } from '../../src/state/epoch-store';
import { openMemoryState } from '../../src/state/memory-state';
import { VersionedTable } from '../../src/state/versioned-table';
import type { StoreDefinition } from '../../src/topology/graph';
import { versionedEntrySerde, versionedKeySerde } from '../../src/topology/versioned-serdes';
import { commitStore } from './commit-store';

const definition: StoreDefinition = {
  kind: 'versioned-key-value',
  name: 'rows',
  keySerde: versionedKeySerde(serdes.string, 5_000),
  valueSerde: versionedEntrySerde(serdes.string),
  changelog: true,
  backend: 'memory',
};
/** Segments are of two seconds then. */
const RETENTION_MS = 5_000;

/** All versions that ever were, for each key, and the rules for which of them can be seen. */
class Model {
  private readonly versions = new Map<string, Map<number, string | undefined>>();
  private time = -1;

  put(key: string, value: string | undefined, timestamp: number): string {
    if (timestamp < this.time - RETENTION_MS) return 'expired';
    this.time = Math.max(this.time, timestamp);
    const known = this.versions.get(key) ?? new Map<number, string | undefined>();
    this.versions.set(key, known);
    const latest = Math.max(-1, ...known.keys());
    known.set(timestamp, value);
    return timestamp >= latest ? 'latest' : 'former';
  }

  asOf(key: string, timestamp: number): string | undefined {
    const known = this.versions.get(key) ?? new Map<number, string | undefined>();
    const latest = Math.max(-1, ...known.keys());
    if (timestamp < this.time - RETENTION_MS && latest > timestamp) return undefined;
    const found = Math.max(-1, ...[...known.keys()].filter((from) => from <= timestamp));
    return known.get(found);
  }
}

interface Step {
  readonly key: string;
  readonly value: string | undefined;
  /** Milliseconds after the step before; may be negative. */
  readonly later: number;
  readonly lookUpBack: number;
  readonly commit: boolean;
}

const step: fc.Arbitrary<Step> = fc.record({
  key: fc.constantFrom('a', 'b', ''),
  value: fc.option(
    fc.nat(9).map((digit) => `${digit}`),
    { nil: undefined },
  ),
  later: fc.oneof(fc.integer({ min: -3_000, max: 1_500 }), fc.integer({ min: -8_000, max: 9_000 }), fc.constant(0)),
  lookUpBack: fc.integer({ min: -100, max: 7_000 }),
  commit: fc.boolean(),
});

describe('VersionedTable', () => {
  it('knows every value of the past that its retention time covers, whatever came late and whatever was committed', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 60 }), fc.constantFrom(0, 1 << 20), async (steps, cacheBytes) => {
        const database = openMemoryState('test', [definition]);
        const open = () => new EpochStore<unknown, unknown>(definition, database, { timestamp: 0 }, cacheBytes, false);
        let store = open();
        let table = new VersionedTable(store, serdes.string, RETENTION_MS);
        const model = new Model();
        let now = 20_000;
        for (const { key, value, later, lookUpBack, commit: commits } of steps) {
          now = Math.max(0, now + later);
          const { result } = await table.put(key, value, now);
          expect(result).toBe(model.put(key, value, now));
          for (const time of [now, Math.max(0, now - lookUpBack), now + 10_000]) {
            expect((await table.loadAsOf(key, time)).value).toBe(model.asOf(key, time));
            const known = table.lookupAsOf(key, time);
            if (known !== undefined) expect(known.value).toBe(model.asOf(key, time));
          }
          if (!commits) continue;
          await commitStore(store, database);
          // As after a restart: nothing is in memory.
          store = open();
          table = new VersionedTable(store, serdes.string, RETENTION_MS);
        }
      }),
      { numRuns: 300 },
    );
  });
});
