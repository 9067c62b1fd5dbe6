import type { CheckpointMetadata } from './checkpoint-metadata';
import type { Floors } from './control-messages';

/** The lowest offsets from which kept checkpoints need records of repartition partitions. Savepoints have theirs copied. */
export function floorsOf(kept: readonly CheckpointMetadata[]): Floors {
  const floors = new Map<string, Floors[number]>();
  for (const { kind, channels } of kept) {
    if (kind === 'savepoint') continue;
    for (const { topic, partition, from } of channels) {
      const key = `${topic.name}-${partition}`;
      const known = floors.get(key);
      if (known === undefined || from < known.offset) floors.set(key, { topic: { ...topic }, partition, offset: from });
    }
  }
  return [...floors.values()];
}
