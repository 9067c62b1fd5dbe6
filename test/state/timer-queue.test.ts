import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { serdes } from '../../src/serde/serdes';
import type { TimerKey } from '../../src/serde/timer-key';
import { EpochStore } from '../../src/state/epoch-store';
import { TimerQueue } from '../../src/state/keyed/timer-queue';
import { openMemoryState } from '../../src/state/memory-state';
import { openRocksDbState } from '../../src/state/rocksdb-state';
import type { StateDatabase } from '../../src/state/state-database';
import type { Serde } from '../../src/serde/serde';
import { storeOfTimers } from '../../src/topology/state-stores';
import { SeededRandom } from '../support/seeded-random';
import { rocksDbOptions } from './state-fixtures';
import { commitStore } from './commit-store';

const keySerde = serdes.string as Serde<unknown>;
const definition = storeOfTimers('node', keySerde);

class Timers {
  private store!: EpochStore<TimerKey, Buffer>;
  queue!: TimerQueue;

  constructor(
    private readonly maxInMemory: number,
    private readonly database: StateDatabase = openMemoryState('test', [definition]),
  ) {}

  /** As after a restart: whatever was not committed is gone. */
  async open(): Promise<this> {
    this.store = new EpochStore(definition, this.database, { timestamp: 0 }, 1 << 16, false);
    this.queue = new TimerQueue('event-time', this.store, keySerde, this.maxInMemory);
    await this.queue.load(true);
    return this;
  }

  async commit(): Promise<void> {
    await commitStore(this.store, this.database);
  }

  async fire(time: number): Promise<string[]> {
    const fired: string[] = [];
    while (this.queue.due <= time) {
      if (this.queue.earliest === undefined) await this.queue.load();
      else {
        const { timestamp, key } = this.queue.take();
        fired.push(`${String(timestamp).padStart(4, '0')} ${String(key)}`);
      }
    }
    return fired;
  }
}

/** Does the same to the timers and to a sorted set. */
async function compareWithModel(random: SeededRandom, database: StateDatabase): Promise<void> {
  const timers = await new Timers(random.pick([2, 3, 8, 1000]), database).open();
  let waiting = new Set<string>();
  let committed = new Set<string>();
  let time = 0;
  for (let step = 0; step < 300; step++) {
    const timestamp = time + random.between(0, 60);
    const key = `k${random.between(0, 5)}`;
    const name = `${String(timestamp).padStart(4, '0')} ${key}`;
    const choice = random.next();
    if (choice < 0.55) {
      timers.queue.register(timestamp, key);
      waiting.add(name);
    } else if (choice < 0.75) {
      timers.queue.delete(timestamp, key);
      waiting.delete(name);
    } else if (choice < 0.9) {
      const until = random.between(0, time + 40);
      if (until > time) time = until;
      const due = [...waiting].filter((timer) => Number(timer.slice(0, 4)) <= until).sort();
      expect(await timers.fire(until)).toEqual(due);
      for (const timer of due) waiting.delete(timer);
    } else if (choice < 0.97) {
      await timers.commit();
      committed = new Set(waiting);
    } else {
      await timers.open();
      waiting = new Set(committed);
    }
  }
  expect(await timers.fire(10_000)).toEqual([...waiting].sort());
  expect(timers.queue.due).toBe(Infinity);
}

describe('a queue of timers', () => {
  it.each(Array.from({ length: 60 }, (_, index) => index + 1))(
    'fires the timers that a sorted set has, however few it may keep in memory (seed %d)',
    (seed) => compareWithModel(new SeededRandom(seed), openMemoryState('test', [definition])),
  );

  it('does so over RocksDB', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'millrace-timers-'));
    const database = await openRocksDbState(join(directory, 'db'), [definition], rocksDbOptions);
    await compareWithModel(new SeededRandom(61), database);
    await database.close();
    await rm(directory, { recursive: true });
  });

  it('keeps times up to the largest that there are, in order', async () => {
    const timers = await new Timers(8).open();
    for (const time of [Number.MAX_SAFE_INTEGER, 0, 2 ** 32, 2 ** 32 - 1]) timers.queue.register(time, 'a');
    await timers.commit();
    await timers.open();
    expect(await timers.fire(Number.MAX_SAFE_INTEGER)).toEqual([
      '0000 a',
      '4294967295 a',
      '4294967296 a',
      '9007199254740991 a',
    ]);
  });
});
