import { fetchCommitted, GroupActiveError, GroupAdmin, partitionKey, type ClusterClient } from '../../src/kafka';
import { uniqueName } from '../support/kafka-names';
import { ConnectedClusters, newTopic } from './connected-cluster';
import { epochOf, readyProducer } from './epochs';
import { roundRobin, TestMember } from './test-member';

const clusters = new ConnectedClusters();
let cluster: ClusterClient;
let admin: GroupAdmin;
let topic: string;

beforeAll(async () => {
  cluster = await clusters.connect();
  admin = new GroupAdmin(cluster);
  topic = await newTopic(cluster, 2);
});
afterAll(() => clusters.close());

async function committed(groupId: string): Promise<unknown[]> {
  const partitions = [0, 1].map((partition) => ({ topic, partition }));
  const found = await fetchCommitted(cluster, groupId, partitions, { requireStable: true, timeoutMs: 10_000 });
  return partitions.map(({ partition }) => found.get(partitionKey(topic, partition)));
}

describe('GroupAdmin', () => {
  it('describes a group that does not exist as dead, without members', async () => {
    expect(await admin.describe(uniqueName('nobody'))).toMatchObject({ state: 'Dead', members: [] });
  });

  it('sets the offsets of a group that never had members, with their metadata', async () => {
    const groupId = uniqueName('group');
    await admin.commitOffsets(groupId, [
      { topic, partition: 0, offset: 7, metadata: 'time' },
      { topic, partition: 1, offset: 8 },
    ]);
    expect(await committed(groupId)).toEqual([
      { offset: 7, metadata: 'time' },
      { offset: 8, metadata: '' },
    ]);
    await admin.commitOffsets(groupId, [{ topic, partition: 0, offset: 3, metadata: '' }]);
    expect(await committed(groupId)).toEqual([
      { offset: 3, metadata: '' },
      { offset: 8, metadata: '' },
    ]);
  });

  it('forgets offsets, and is fine with those that never were', async () => {
    const groupId = uniqueName('group');
    await admin.deleteOffsets(groupId, [{ topic, partition: 0 }]);
    await admin.commitOffsets(groupId, [{ topic, partition: 0, offset: 7 }]);
    await admin.deleteOffsets(groupId, [
      { topic, partition: 0 },
      { topic, partition: 1 },
    ]);
    expect(await committed(groupId)).toEqual([undefined, undefined]);
  });

  it('names the members of a group that has some, and touches none of its offsets until they are gone', async () => {
    const groupId = uniqueName('group');
    const dealing = roundRobin(topic, 2);
    const member = new TestMember('one', { cluster, dealing, groupId, topics: [topic] });
    await member.until(() => member.partitions.length === 2);
    expect(await admin.describe(groupId)).toMatchObject({ state: 'Stable', members: [{ clientId: 'kafka-test' }] });
    await expect(admin.requireNoMembers(groupId)).rejects.toThrow(
      /active members: kafka-test at .*Stop every instance/,
    );
    const offset = { topic, partition: 0, offset: 1 };
    await expect(admin.commitOffsets(groupId, [offset])).rejects.toThrow(GroupActiveError);

    await member.member.leave();
    await admin.requireNoMembers(groupId);
    await admin.commitOffsets(groupId, [offset]);
    expect(await committed(groupId)).toEqual([{ offset: 1, metadata: '' }, undefined]);
  });

  it('lets members go on from what was set', async () => {
    const groupId = uniqueName('group');
    await admin.commitOffsets(groupId, [{ topic, partition: 0, offset: 1 }]);
    const dealing = roundRobin(topic, 2);
    const member = new TestMember('one', { cluster, dealing, groupId, topics: [topic] });
    await member.until(() => member.partitions.length === 2);
    const producer = await readyProducer(cluster);
    const group = member.member.generation!;
    await producer.commit(
      await epochOf(cluster, topic, [{ value: 'a' }], { group, offsets: [{ topic, partition: 0, offset: 2 }] }),
    );
    producer.close();
    await member.member.leave();
    expect(await committed(groupId)).toEqual([{ offset: 2, metadata: '' }, undefined]);
  });
});
