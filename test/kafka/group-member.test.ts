import { Kafka, AssignerProtocol } from 'kafkajs';
import {
  BrokerConnectionError,
  fetchCommitted,
  GroupMembershipError,
  partitionKey,
  StaleGenerationError,
  type ClusterClient,
  type GroupGeneration,
} from '../../src/kafka';
import { leaveGroupRequest } from '../../src/kafka/protocol/group-membership';
import { uniqueName } from '../support/kafka-names';
import { sharedBrokers } from '../support/shared-broker';
import { ConnectedClusters, newTopic } from './connected-cluster';
import { epochOf, readyProducer } from './epochs';
import { committedValues } from './read-values';
import { roundRobin, TestMember } from './test-member';

const PARTITIONS = 6;
const clusters = new ConnectedClusters();
const members: TestMember[] = [];
let cluster: ClusterClient;
let topic: string;

beforeAll(async () => {
  cluster = await clusters.connect();
  topic = await newTopic(cluster, PARTITIONS);
});
afterEach(async () => {
  await Promise.all(members.splice(0).map(({ member }) => member.leave()));
});
afterAll(() => clusters.close());

type MemberSettings = Partial<Omit<ConstructorParameters<typeof TestMember>[1], 'groupId' | 'topics'>>;

function join(groupId: string, name: string, settings: MemberSettings = {}): TestMember {
  const member = new TestMember(name, {
    cluster,
    dealing: roundRobin(topic, PARTITIONS),
    ...settings,
    groupId,
    topics: [topic],
  });
  members.push(member);
  return member;
}

async function groupOf(...names: string[]): Promise<{ groupId: string; group: TestMember[] }> {
  const groupId = uniqueName('group');
  const group = names.map((name) => join(groupId, name));
  await settled(group);
  return { groupId, group };
}

/** Until all partitions are with these members, evenly. */
async function settled(group: readonly TestMember[]): Promise<void> {
  const share = PARTITIONS / group.length;
  const done = (): boolean =>
    group.every(({ partitions }) => partitions.length === share) &&
    new Set(group.flatMap(({ partitions }) => partitions)).size === PARTITIONS;
  while (!done()) await Promise.race(group.map((member) => changes(member)));
}

async function changes(member: TestMember): Promise<void> {
  const before = member.assignment;
  const count = member.revocations.length;
  await member.until(() => member.assignment !== before || member.revocations.length !== count);
}

describe('GroupMember', () => {
  it('gets all partitions when it is alone, with the user data that its leader sent', async () => {
    const { groupId, group } = await groupOf('only');
    const { assignment, member } = group[0]!;
    expect(assignment!.userData.toString()).toBe(`for ${assignment!.generation.memberId}`);
    expect(member.state).toBe('STABLE');
    expect(member.generation).toEqual({ ...assignment!.generation, groupId });
  });

  it('shares with members that come, and takes over from members that leave', async () => {
    const { groupId, group } = await groupOf('a', 'b');
    const third = join(groupId, 'c');
    await settled([...group, third]);
    for (const { revocations } of group) expect(new Set(revocations)).toEqual(new Set(['rebalance']));

    await group[0]!.member.leave();
    expect(group[0]!.revocations.at(-1)).toBe('leaving');
    expect(group[0]!.member.state).toBe('LEFT');
    expect(group[0]!.member.generation).toBeUndefined();
    await settled([group[1]!, third]);
  });

  it('keeps its partitions until its revocation handler is done, so that it can commit in there', async () => {
    const { groupId, group } = await groupOf('a');
    const [first] = group as [TestMember];
    const output = await newTopic(cluster);
    const producer = await readyProducer(cluster);
    let before: string[] = [];
    first.whileRevoked = async (cause) => {
      expect(cause).toBe('rebalance');
      before = [...first.partitions.map(String)];
      await producer.commit(
        await epochOf(cluster, output, [{ value: 'last words' }], {
          offsets: [{ topic, partition: 0, offset: 41 }],
          ...(first.member.generation === undefined ? {} : { group: first.member.generation }),
        }),
      );
    };
    const second = join(groupId, 'b');
    await settled([first, second]);
    producer.close();
    expect(before).toHaveLength(PARTITIONS);
    expect(await committedValues(cluster, output)).toEqual(['last words']);
    const committed = await fetchCommitted(cluster, groupId, [{ topic, partition: 0 }], {
      requireStable: true,
      timeoutMs: 10_000,
    });
    expect(committed.get(partitionKey(topic, 0))?.offset).toBe(41);
  });

  it('stays in the group while its revocation handler takes longer than the session', async () => {
    const groupId = uniqueName('group');
    const slow = join(groupId, 'a', { sessionTimeoutMs: 1_500, rebalanceTimeoutMs: 20_000 });
    await slow.until(() => slow.partitions.length === PARTITIONS);
    const memberId = slow.assignment!.generation.memberId;
    slow.whileRevoked = () => new Promise((resolve) => setTimeout(resolve, 3_000));
    const second = join(groupId, 'b');
    await settled([slow, second]);
    expect(slow.assignment!.generation.memberId).toBe(memberId);
    expect(slow.revocations).toEqual(['rebalance']);
  });

  it('cannot commit in a generation that is over: a zombie is refused', async () => {
    const { groupId, group } = await groupOf('a');
    const stale: GroupGeneration = group[0]!.assignment!.generation;
    await settled([group[0]!, join(groupId, 'b')]);

    const output = await newTopic(cluster);
    const producer = await readyProducer(cluster);
    const commit = producer.commit(
      await epochOf(cluster, output, [{ value: 'zombie' }], {
        offsets: [{ topic, partition: 0, offset: 7 }],
        group: stale,
      }),
    );
    await expect(commit).rejects.toThrow(StaleGenerationError);
    await expect(commit).rejects.toMatchObject({ cause: { kafkaError: 'ILLEGAL_GENERATION' } });
    producer.close();
    expect(await committedValues(cluster, output)).toEqual([]);
  });

  it('loses its partitions by its own clock when the group cannot be reached for the session time-out, and comes back', async () => {
    const own = await clusters.connect();
    const groupId = uniqueName('group');
    const member = join(groupId, 'a', { cluster: own, sessionTimeoutMs: 1_000 });
    await member.until(() => member.partitions.length === PARTITIONS);
    const unreachable = jest
      .spyOn(own, 'sendToCoordinator')
      .mockRejectedValue(new BrokerConnectionError('broker', false, 'no route'));
    await member.until(() => member.revocations.length === 1);
    expect(member.revocations).toEqual(['lost']);
    expect(member.member.generation).toBeUndefined();
    unreachable.mockRestore();
    await member.until(() => member.assignments === 2);
    expect(member.partitions).toHaveLength(PARTITIONS);
  });

  it('joins again as another member after the group forgot it', async () => {
    const { groupId, group } = await groupOf('a');
    const [member] = group as [TestMember];
    const { memberId } = member.assignment!.generation;
    // What an operator's tool does: it takes the member out of the group.
    const connections = cluster.openConnections();
    await cluster.sendToCoordinator(
      connections,
      'group',
      groupId,
      leaveGroupRequest(groupId, memberId),
      () => undefined,
    );
    cluster.closeConnections(connections);
    await member.until(() => member.assignments === 2 && member.partitions.length === PARTITIONS);
    expect(member.revocations).toEqual(['lost']);
    expect(member.assignment!.generation.memberId).not.toBe(memberId);
  });

  it('joins again when it asks for it', async () => {
    const { group } = await groupOf('a');
    const [member] = group as [TestMember];
    const { generationId } = member.assignment!.generation;
    member.member.requestRejoin();
    await member.until(() => member.assignments === 2);
    expect(member.revocations).toEqual(['rebalance']);
    expect(member.assignment!.generation.generationId).toBeGreaterThan(generationId);
  });

  it('leaves at once while it waits for others to join', async () => {
    const { groupId, group } = await groupOf('a');
    let release!: () => void;
    const revoking = new Promise<void>((begun) => {
      group[0]!.whileRevoked = () => {
        begun();
        return new Promise((resolve) => (release = resolve));
      };
    });
    const second = join(groupId, 'b');
    await revoking;
    const before = performance.now();
    await second.member.leave();
    expect(performance.now() - before).toBeLessThan(3_000);
    expect(second.member.state).toBe('LEFT');
    expect(second.assignments).toBe(0);
    release();
  });

  it('gets the same partitions back without a rebalance when it is static and returns in time', async () => {
    const groupId = uniqueName('group');
    const settings = { sessionTimeoutMs: 10_000 };
    const first = join(groupId, 'a', { ...settings, groupInstanceId: 'one' });
    const second = join(groupId, 'b', { ...settings, groupInstanceId: 'two' });
    await settled([first, second]);
    const { generationId } = second.assignment!.generation;
    const partitions = first.partitions;
    await first.member.leave();
    const returned = join(groupId, 'a', { ...settings, groupInstanceId: 'one' });
    await returned.until(() => returned.assignments === 1);
    expect(returned.partitions).toEqual(partitions);
    expect(second.assignment!.generation.generationId).toBe(generationId);
    expect(second.revocations).toEqual([]);
  });

  it('is out for good when another member takes its static id', async () => {
    const groupId = uniqueName('group');
    const first = join(groupId, 'a', { groupInstanceId: 'same' });
    await first.until(() => first.assignments === 1);
    const second = join(groupId, 'a', { groupInstanceId: 'same' });
    await first.until(() => first.fatal !== undefined);
    expect(first.fatal).toBeInstanceOf(GroupMembershipError);
    expect(first.revocations).toEqual(['lost']);
    expect(first.member.state).toBe('FAILED');
    await second.until(() => second.assignments === 1);
  });

  it('refuses to join members that assign in another way, and says what to do', async () => {
    const { groupId } = await groupOf('a');
    const stranger = join(groupId, 'b', { dealing: roundRobin(topic, PARTITIONS, 'another-way') });
    await stranger.until(() => stranger.fatal !== undefined);
    expect(stranger.fatal).toBeInstanceOf(GroupMembershipError);
    expect((stranger.fatal as Error).message).toMatch(/another way than 'another-way'.*use another application id/);
  });

  it('fails with what its assignor throws, and is not waited for', async () => {
    const groupId = uniqueName('group');
    const assign = (): Promise<never> => Promise.reject(new Error('a source topic is missing'));
    const member = join(groupId, 'a', { sessionTimeoutMs: 30_000, dealing: { name: 'broken', assign } });
    await member.until(() => member.fatal !== undefined);
    expect((member.fatal as Error).message).toBe('a source topic is missing');

    const before = performance.now();
    const next = join(groupId, 'b', { sessionTimeoutMs: 30_000, dealing: roundRobin(topic, PARTITIONS, 'broken') });
    await next.until(() => next.partitions.length === PARTITIONS);
    expect(performance.now() - before).toBeLessThan(5_000);
  });

  it("shows Kafka's own tools who has what", async () => {
    const { groupId, group } = await groupOf('a', 'b');
    const admin = new Kafka({ brokers: await sharedBrokers(), logLevel: 0 }).admin();
    await admin.connect();
    const { groups } = await admin.describeGroups([groupId]);
    await admin.disconnect();
    const shown = new Map(
      groups[0]!.members.map(({ memberId, memberAssignment }) => [
        memberId,
        AssignerProtocol.MemberAssignment.decode(memberAssignment)!.assignment[topic],
      ]),
    );
    expect(groups[0]!.protocolType).toBe('consumer');
    for (const { assignment, partitions } of group)
      expect(shown.get(assignment!.generation.memberId)).toEqual(partitions);
  });
});
