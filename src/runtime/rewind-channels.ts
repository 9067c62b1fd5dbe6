import { ChannelCut } from '../checkpoint/channel-cut';
import { readChannelFile } from '../checkpoint/channel-file';
import { readChannelRecords } from '../checkpoint/channel-records';
import type { ChannelState } from '../checkpoint/checkpoint-metadata';
import type { SnapshotStore } from '../checkpoint/snapshot-store';
import type { ClusterClient, LogRecord, TopicPartitionOffset } from '../kafka';
import { topicName } from './topic-plan';

/** Gets at the records that were on their way: copied into the snapshot store, or still in the topics of the application that sent them. */
export class ChannelSource {
  /** @param applicationId - that the checkpoint was taken of */
  constructor(
    private readonly cluster: ClusterClient,
    private readonly store: SnapshotStore,
    private readonly applicationId: string,
  ) {}

  recordsOf(channel: ChannelState): AsyncIterable<LogRecord> {
    return channel.records === undefined
      ? readChannelRecords(this.cluster, topicName(this.applicationId, channel.topic), channel)
      : readChannelFile(this.store, channel.records);
  }

  /** The first record that must still be in a topic; none when none must be. */
  firstNeeded({ topic, partition, from, barriers, records }: ChannelState): TopicPartitionOffset[] {
    if (records !== undefined || new ChannelCut(barriers).end <= from) return [];
    return [{ topic: topicName(this.applicationId, topic), partition, offset: from }];
  }
}
