import { partitionKey, readCommitted, TopicAdmin, type ClusterClient } from '../../src/kafka';

/** The committed values of a partition, as text, from an offset to the high watermark. */
export async function committedValues(
  cluster: ClusterClient,
  topic: string,
  partition = 0,
  from = 0,
): Promise<string[]> {
  const at = { topic, partition };
  const to = (await new TopicAdmin(cluster).listOffsets([at], 'latest')).get(partitionKey(topic, partition)) ?? 0;
  const values: string[] = [];
  await readCommitted(cluster, [
    {
      ...at,
      from,
      to,
      onBatch: (batch) => {
        while (batch.next()) values.push(batch.bytes.toString('utf8', batch.valueStart, batch.valueEnd));
      },
    },
  ]);
  return values;
}
