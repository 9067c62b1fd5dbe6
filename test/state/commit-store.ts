import type { EpochStore } from '../../src/state/epoch-store';
import type { StateDatabase } from '../../src/state/state-database';

/** Seals and commits what the open epoch wrote. False when that is nothing. */
export async function commitStore<K, V>(store: EpochStore<K, V>, database: StateDatabase): Promise<boolean> {
  const write = database.write();
  if (!store.seal(write)) return false;
  await write.commit();
  store.sealedWritten();
  return true;
}
