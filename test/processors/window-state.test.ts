import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { serdes, type Windowed } from '../../src';
import { ExpiredWindows } from '../../src/processors/expired-windows';
import { TimeIndex } from '../../src/processors/time-index';
import { orMarker } from '../../src/serde/marker';
import { BY_TIME_END, ownWindowKey, timeBound, windowKeys } from '../../src/serde/timed-keys';
import { EpochStore } from '../../src/state/epoch-store';
import { openRocksDbState } from '../../src/state/rocksdb-state';
import { rocksDbOptions } from '../state/state-fixtures';
import { commitStore } from '../state/commit-store';

test('windows are found by time and removed in RocksDB too, and what the operator knows stays', async () => {
  const directory = await mkdtemp(path.join(os.tmpdir(), 'millrace-windows-'));
  const definition = {
    kind: 'window' as const,
    name: 'counts',
    keySerde: windowKeys(serdes.string, 10),
    valueSerde: orMarker(serdes.string),
    changelog: true,
    backend: 'rocksdb' as const,
  };
  const database = await openRocksDbState(directory, [definition], rocksDbOptions);
  const store = new EpochStore<Windowed<string>, unknown>(definition, database, { timestamp: 0 }, 1, true);
  const commit = (): Promise<boolean> => commitStore(store, database);
  const expired = new ExpiredWindows(store, 1);
  store.put(ownWindowKey(0), 'known');
  for (let start = 0; start < 300; start += 10) {
    for (const key of ['a', 'b']) store.put({ key, start, end: start + 10 }, key);
    expired.noteWritten(start);
    await commit();
  }
  const layout = { bound: timeBound, end: BY_TIME_END, timeOf: (key: Windowed<string>) => key.start };
  const closing = new TimeIndex(store, layout, 20);
  expect((await closing.take(35)).map(({ key, start }) => `${key}${start}`)).toEqual(['a20', 'b20', 'a30', 'b30']);
  expect(closing.earliest).toBe(40);
  expect(expired.isDue(250)).toBe(true);
  await expired.remove(250);
  await commit();
  const left: number[] = [];
  for await (const [{ start }] of store.entriesBetween(timeBound(0), BY_TIME_END)) left.push(start);
  expect(left).toEqual([250, 250, 260, 260, 270, 270, 280, 280, 290, 290]);
  expect(await store.get(ownWindowKey(0))).toBe('known');
  await database.close();
  await rm(directory, { recursive: true });
});
