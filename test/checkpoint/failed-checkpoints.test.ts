import { FailedCheckpoints, type FailedCheckpoint } from '../../src/checkpoint/failed-checkpoints';
import { silentLogger } from '../../src/logging/logger';
import { MapSnapshotStore } from './map-snapshot-store';

const failure = (number: number): FailedCheckpoint => ({
  number,
  kind: 'checkpoint',
  trigger: 'interval',
  beganAt: 1_000 * number,
  failedAt: 1_000 * number + 400,
  reason: 'the store is full',
});

describe('the list of checkpoints that failed', () => {
  it('is empty where none failed', async () => {
    expect(await new FailedCheckpoints(new MapSnapshotStore(), 'app', silentLogger).list()).toEqual([]);
  });

  it('keeps the last twenty, also those that another instance wrote', async () => {
    const store = new MapSnapshotStore();
    for (let number = 1; number <= 25; number += 5) {
      const failures = new FailedCheckpoints(store, 'app', silentLogger);
      for (let each = number; each < number + 5; each++) failures.add(failure(each));
      await failures.settled();
    }
    const kept = await new FailedCheckpoints(store, 'app', silentLogger).list();
    expect(kept).toEqual(Array.from({ length: 20 }, (_, index) => failure(index + 6)));
    expect([...store.objects.keys()]).toEqual(['app/failures.json']);
  });

  it('does no harm when it cannot be read or written', async () => {
    const store = new MapSnapshotStore();
    store.objects.set('app/failures.json', Buffer.from('[{"number":'));
    const failures = new FailedCheckpoints(store, 'app', silentLogger);
    expect(await failures.list()).toEqual([]);
    store.put = () => Promise.reject(new Error('full'));
    failures.add(failure(1));
    await expect(failures.settled()).resolves.toBeUndefined();
  });
});
