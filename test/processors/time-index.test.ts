import fc from 'fast-check';
import { TimeIndex } from '../../src/processors/time-index';
import { ExpiredWindows } from '../../src/processors/expired-windows';
import { MARKER, orMarker } from '../../src/serde/marker';
import { serdes, type Serde, type Windowed } from '../../src';
import { INDEX_END, indexBound, timeBound, timedKeys, windowKeys, type TimedKey } from '../../src/serde/timed-keys';
import { BY_TIME_END } from '../../src/serde/timed-keys';
import { EpochStore } from '../../src/state/epoch-store';
import { openMemoryState } from '../../src/state/memory-state';
import type { StateDatabase, StateWrite } from '../../src/state/state-database';

class Committing<K> {
  readonly store: EpochStore<K, unknown>;
  private sealed: StateWrite | undefined;
  private readonly database: StateDatabase;

  constructor(keys: Serde<K>) {
    const definition = {
      kind: 'window' as const,
      name: 'windows',
      keySerde: keys as Serde<unknown>,
      valueSerde: orMarker(serdes.string),
      changelog: true,
      backend: 'memory' as const,
    };
    this.database = openMemoryState('test', [definition]);
    // A cache of next to nothing: entries are dropped as soon as they are written.
    this.store = new EpochStore<K, unknown>(definition, this.database, { timestamp: 0 }, 1, true);
  }

  seal(): void {
    if (this.sealed !== undefined) return;
    const write = this.database.write();
    if (this.store.seal(write)) this.sealed = write;
  }

  async commit(): Promise<void> {
    if (this.sealed === undefined) return;
    await this.sealed.commit();
    this.store.sealedWritten();
    this.sealed = undefined;
  }
}

type Step =
  | { readonly type: 'add'; readonly key: number; readonly after: number }
  | { readonly type: 'take'; readonly time: number; readonly limit: number }
  | { readonly type: 'seal' | 'commit' | 'reopen' };

const step = fc.oneof(
  { weight: 6, arbitrary: fc.record({ type: fc.constant('add' as const), key: fc.nat(20), after: fc.nat(30) }) },
  {
    weight: 3,
    arbitrary: fc.record({
      type: fc.constant('take' as const),
      time: fc.nat(15),
      limit: fc.constantFrom(1, 2, Infinity),
    }),
  },
  { weight: 4, arbitrary: fc.record({ type: fc.constantFrom('seal' as const, 'commit' as const) }) },
  { weight: 1, arbitrary: fc.record({ type: fc.constant('reopen' as const) }) },
);

describe('An index by time', () => {
  it('gives each key once, in order, whatever of it is in the database', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array<Step>(step, { maxLength: 60 }), async (steps) => {
        const committing = new Committing<TimedKey<string>>(timedKeys(serdes.string));
        const { store } = committing;
        const layout = {
          bound: indexBound,
          end: INDEX_END,
          timeOf: (key: TimedKey<string>) => (key.kind === 'index' ? key.time : 0),
          ordersTies: true,
        };
        let index = new TimeIndex(store, layout, 0, 2);
        const model = new Set<string>();
        const ordered = (): string[] => [...model].sort();
        let now = 0;
        for (const one of steps) {
          switch (one.type) {
            case 'add': {
              const key: TimedKey<string> = { kind: 'index', time: now + 1 + one.after, key: String(one.key) };
              if ((await store.get(key)) !== undefined) break;
              store.put(key, MARKER);
              index.note(store.lookup(key)!);
              model.add(show(key));
              break;
            }
            case 'take': {
              now += one.time;
              const due = ordered().filter((key) => Number(key.slice(0, 6)) <= now);
              const taken = await index.take(now, one.limit);
              // What is deleted and not committed may come once more.
              const fresh = taken.filter((key) => model.has(show(key)));
              if (taken.length === fresh.length || one.limit === Infinity) {
                expect(fresh.map(show)).toEqual(due.slice(0, one.limit));
              }
              for (const key of fresh) {
                model.delete(show(key));
                store.delete(key);
              }
              break;
            }
            case 'seal':
              committing.seal();
              break;
            case 'commit':
              await committing.commit();
              break;
            case 'reopen':
              await committing.commit();
              committing.seal();
              await committing.commit();
              index = new TimeIndex(store, layout, 0, 2);
              break;
          }
          expect(index.earliest).toBeLessThanOrEqual(
            Math.min(Infinity, ...ordered().map((key) => Number(key.slice(0, 6)))),
          );
        }
        expect((await index.take(1e9)).map(show).filter((key) => model.has(key))).toEqual(ordered());
      }),
      { numRuns: 300 },
    );
  });
});

function show(key: TimedKey<string>): string {
  return key.kind === 'index' ? `${String(key.time).padStart(6, '0')} ${key.key}` : 'another';
}

describe('Expired windows', () => {
  it('are all removed in the end, and no others, however commits fall between', async () => {
    const stepOf = fc.oneof(
      { weight: 5, arbitrary: fc.record({ type: fc.constant('write' as const), key: fc.nat(5), ahead: fc.nat(20) }) },
      { weight: 2, arbitrary: fc.record({ type: fc.constant('pass' as const), time: fc.nat(12) }) },
      { weight: 3, arbitrary: fc.record({ type: fc.constantFrom('seal' as const, 'commit' as const) }) },
    );
    await fc.assert(
      fc.asyncProperty(fc.array(stepOf, { maxLength: 80 }), async (steps) => {
        const committing = new Committing<Windowed<string>>(windowKeys(serdes.string, 10));
        const { store } = committing;
        const expired = new ExpiredWindows(store, 3);
        const live = new Map<string, number>();
        let bound = 0;
        for (const one of steps) {
          if (one.type === 'write') {
            const start = bound + one.ahead;
            const window = { key: String(one.key), start, end: start + 10 };
            const entry = store.lookup(window) ?? (await store.load(window));
            if (!entry.dirty) expired.noteWritten(start);
            store.write(entry, 'value', start);
            live.set(`${start} ${one.key}`, start);
          } else if (one.type === 'pass') {
            bound += one.time;
            for (const [key, start] of live) if (start < bound) live.delete(key);
          } else if (one.type === 'seal') committing.seal();
          else await committing.commit();
          if (expired.isDue(bound)) await expired.remove(bound);
          const stored = await startsOf(store);
          expect([...live.values()].filter((start) => !stored.includes(start))).toEqual([]);
        }
        for (let round = 0; round < 6; round++) {
          bound += 4;
          committing.seal();
          await committing.commit();
          store.put({ key: 'more', start: 1_000_000, end: 1_000_010 }, 'value');
          if (expired.isDue(bound)) await expired.remove(bound);
        }
        expect((await startsOf(store)).filter((start) => start < bound - 12)).toEqual([]);
      }),
      { numRuns: 300 },
    );
  });
});

async function startsOf(store: EpochStore<Windowed<string>, unknown>): Promise<number[]> {
  const starts: number[] = [];
  for await (const [key] of store.entriesBetween(timeBound(0), BY_TIME_END)) starts.push(key.start);
  return starts;
}
