// A process of its own for tests: goes on with a series of writes where the state says that it stopped, until it is killed.
import { openRocksDbState } from '../../src/state/rocksdb-state';
import { writeBatch } from './batches';
import { rocksDbOptions, storeFormat } from './state-fixtures';

async function main(directory: string, seed: number): Promise<void> {
  process.stdout.write('opening\n');
  const database = await openRocksDbState(directory, [storeFormat('entries')], rocksDbOptions);
  for (let batch = database.inputOffset('input', 0) ?? 0; ; batch += 3) {
    await Promise.all([batch, batch + 1, batch + 2].map((next) => writeBatch(database, seed, next)));
    process.stdout.write(`${batch + 3}\n`);
  }
}

void main(process.argv[2]!, Number(process.argv[3]));
