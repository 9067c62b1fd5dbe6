import { setTimeout as pause } from 'node:timers/promises';
import type { Cluster } from './cluster';
import type { MeasuredProcess } from './measured-process';

const POLL_INTERVAL_MS = 50;
const GIVE_UP_AFTER_MS = 120_000;

/** How far a group's committed offsets are. */
export interface Progress {
  /** Milliseconds since the epoch. */
  readonly time: number;
  /** Of each partition, topic by topic. */
  readonly committed: readonly number[];
  /** The sum over all partitions. */
  readonly records: number;
}

/**
 * Asks for the committed offsets of a group every 50 ms until `done` says so, and gives the last answer.
 *
 * @throws Error when the process ends, or commits nothing for two minutes
 */
export async function watchCommits(
  cluster: Cluster,
  watched: { readonly groupId: string; readonly topics: readonly string[]; readonly process: MeasuredProcess },
  done: (progress: Progress) => boolean,
): Promise<Progress> {
  let lastProgress = { time: Date.now(), records: -1 };
  for (;;) {
    watched.process.assertRunning();
    const committed: number[] = [];
    for (const topic of watched.topics) committed.push(...(await cluster.committedOffsets(watched.groupId, topic)));
    const progress = { time: Date.now(), committed, records: committed.reduce((sum, offset) => sum + offset, 0) };
    if (done(progress)) return progress;
    if (progress.records > lastProgress.records) lastProgress = progress;
    if (progress.time - lastProgress.time > GIVE_UP_AFTER_MS) {
      throw new Error(
        `${watched.groupId} has committed nothing for ${GIVE_UP_AFTER_MS / 1000} s and is at ${progress.records} records`,
      );
    }
    await pause(POLL_INTERVAL_MS);
  }
}
