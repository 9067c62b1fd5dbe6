import { z } from 'zod';
import type { CheckpointMetadata } from './checkpoint-metadata';

/* Members say in the control topic what the metadata will keep: what both have is described here for both. */

/** From 0 to 2^53 - 1: beyond, JSON's numbers are not exact, and are refused. */
export const count = z.int().min(0);
export const milliseconds = z.number().min(0);

/** Becomes the name of a file where the state is restored: nothing that leads out of a directory. */
const fileName = z.string().regex(/^(?!\.{1,2}$)[a-zA-Z0-9._-]+$/);
const objectName = z.string().regex(/^((?!\.{1,2}(\/|$))[a-zA-Z0-9._-]+(\/|$))+(?<!\/)$/);

const topic = z.object({ name: z.string().min(1), internal: z.boolean() });

/** Where a record is, by the name that the topology has for its topic. */
export const recordPosition = z.object({ topic, partition: count, offset: count });

/** A 64-bit number in decimal. */
export const producerId = z.string().regex(/^-?\d{1,19}$/);

const file = z.object({
  name: fileName,
  object: objectName,
  sizeInBytes: count,
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
  keyId: z.string().min(1).optional(),
});

export const taskSnapshot = z.object({
  task: z.string().regex(/^\d+_\d+$/),
  inputs: z.array(recordPosition.extend({ metadata: z.string() })),
  changelogPositions: z.record(z.string(), count),
  files: z.array(file),
});

const channel = z.object({
  topic,
  partition: count,
  from: count,
  barriers: z.array(z.object({ producerId, offset: count })),
  records: file.optional(),
});

const store = z.object({
  kind: z.string(),
  keySerde: z.string(),
  valueSerde: z.string(),
  format: z.record(z.string(), z.union([z.string(), z.number()])),
  changelog: z.boolean(),
  subtopology: count,
});

const repartitionTopic = z.object({ partitions: count.optional(), keySerde: z.string(), valueSerde: z.string() });

export const recovery = z.object({ detectMs: milliseconds, restoreMs: milliseconds, catchUpMs: milliseconds });

export const availability = z.object({
  since: milliseconds,
  failures: count,
  replayedRecords: count,
  lastRecovery: recovery.optional(),
});

export const checkpointKind = z.enum(['checkpoint', 'savepoint']);

export const checkpointTrigger = z.enum(['interval', 'records', 'continuous', 'adaptive', 'on-demand']);

/** What the metadata of a checkpoint must look like. Members that a later version may have added beside are left out. */
export const metadataSchema: z.ZodType<CheckpointMetadata> = z
  .object({
    applicationId: z.string().min(1),
    number: count,
    id: z.string().min(1),
    kind: checkpointKind,
    trigger: checkpointTrigger,
    beganAt: milliseconds,
    completedAt: milliseconds,
    incrementalBytes: count,
    slowestTask: z.object({ task: z.string(), milliseconds }).optional(),
    availability: availability.optional(),
    shape: z.object({
      stores: z.record(z.string(), store),
      repartitionTopics: z.record(z.string(), repartitionTopic),
    }),
    tasks: z.array(taskSnapshot),
    channels: z.array(channel),
  })
  .transform((metadata) => ({ ...metadata, slowestTask: metadata.slowestTask }));
