import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ClusterClient } from '../../src/kafka';
import type { ApiRequest } from '../../src/kafka/protocol/api-request';
import { WireReader } from '../../src/kafka/protocol/wire-reader';
import { WireWriter } from '../../src/kafka/protocol/wire-writer';
import { silentLogger } from '../../src/logging/logger';
import { FormerMembers } from '../../src/runtime/former-members';

/** Notes which members are said to be gone, and says who is in the group. What a real group does with that is a test of src/kafka. */
class LeavesInMemory {
  readonly left: string[] = [];
  members: string[] = [];
  fails = false;

  retry = <T>(_what: string, request: () => Promise<T>): Promise<T> => request();
  openConnections = (): undefined => undefined;
  closeConnections = (): undefined => undefined;

  async sendToCoordinator(
    _connections: unknown,
    _kind: string,
    groupId: string,
    request: ApiRequest<number>,
  ): Promise<unknown> {
    if (this.fails) throw new Error('the broker is not there');
    if (request.name === 'DescribeGroups') return [{ members: this.members.map((memberId) => ({ memberId })) }];
    const writer = new WireWriter();
    request.encode(writer);
    const reader = new WireReader(Buffer.concat(writer.toChunks()));
    expect(reader.string()).toBe(groupId);
    this.left.push(...reader.array(() => reader.string()));
    return undefined;
  }
}

describe('FormerMembers', () => {
  let directory: string;
  let file: string;
  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'millrace-members-'));
    file = join(directory, 'members.json');
  });
  afterEach(() => rm(directory, { recursive: true, force: true }));

  const membersWith = (cluster: LeavesInMemory): FormerMembers =>
    new FormerMembers(directory, cluster as unknown as ClusterClient, 'group', silentLogger);

  /** What the next process says to the group. */
  async function said(cluster = new LeavesInMemory()): Promise<string[]> {
    await membersWith(cluster).leaveGroup();
    return cluster.left;
  }

  it('takes the members of a process that died out of the group, once', async () => {
    const members = membersWith(new LeavesInMemory());
    members.joined('thread-1', 'one');
    members.joined('thread-2', 'two');
    members.joined('thread-1', 'one');
    await members.settled();
    expect((await membersWith(new LeavesInMemory()).formerProcess())?.members).toEqual(['one', 'two']);
    expect(await said()).toEqual(['one', 'two']);
    expect(await said()).toEqual([]);
    expect(await membersWith(new LeavesInMemory()).formerProcess()).toBeUndefined();
  });

  it('knows a thread by its latest member only', async () => {
    const members = membersWith(new LeavesInMemory());
    members.joined('thread-1', 'old');
    members.joined('thread-1', 'new');
    await members.settled();
    expect(await said()).toEqual(['new']);
  });

  it('forgets members that left by themselves', async () => {
    const members = membersWith(new LeavesInMemory());
    members.joined('thread-1', 'one');
    members.joined('thread-2', 'two');
    members.left('thread-1');
    await members.settled();
    expect(JSON.parse(await readFile(file, 'utf8'))).toEqual(['two']);
    members.left('thread-2');
    await members.settled();
    await expect(readFile(file)).rejects.toMatchObject({ code: 'ENOENT' });
  });

  it.each(['', '["one', '{"one":1}', 'null', '7'])('says nothing when its file is %j', async (content) => {
    await writeFile(file, content);
    expect(await said()).toEqual([]);
  });

  it('leaves out what is no member id', async () => {
    await writeFile(file, '[1, "one", null]');
    expect(await said()).toEqual(['one']);
  });

  describe('the tasks of a process that died', () => {
    const former = { members: ['one', 'two'], lastSeenAt: 0 };
    const areLeftAlone = (...group: string[]): Promise<boolean> => {
      const cluster = new LeavesInMemory();
      cluster.members = group;
      return membersWith(cluster).areTasksLeftAlone(former);
    };

    it('are left alone while the group waits for it, or where there is nobody else', async () => {
      expect(await areLeftAlone('two', 'another')).toBe(true);
      expect(await areLeftAlone()).toBe(true);
    });

    it('are not when others are there, or the group cannot be asked', async () => {
      expect(await areLeftAlone('another')).toBe(false);
      const cluster = new LeavesInMemory();
      cluster.fails = true;
      expect(await membersWith(cluster).areTasksLeftAlone(former)).toBe(false);
    });
  });

  it('knows when the process before gave its last sign of life', async () => {
    jest.useFakeTimers({ doNotFake: ['nextTick', 'setImmediate'] });
    const members = membersWith(new LeavesInMemory());
    try {
      members.joined('thread-1', 'one');
      const begin = Date.now();
      await jest.advanceTimersByTimeAsync(10_000);
      await members.settled();
      const { lastSeenAt } = (await membersWith(new LeavesInMemory()).formerProcess())!;
      expect(Math.round(lastSeenAt)).toBe(begin + 10_000);
    } finally {
      jest.useRealTimers();
    }
  });

  it('goes on when the group cannot be told', async () => {
    await writeFile(file, '["one", "two"]');
    const cluster = new LeavesInMemory();
    cluster.fails = true;
    expect(await said(cluster)).toEqual([]);
  });

  it('goes on when the file cannot be written', async () => {
    const members = membersWith(new LeavesInMemory());
    await rm(directory, { recursive: true });
    members.joined('thread-1', 'one');
    await expect(members.settled()).resolves.toBeUndefined();
  });
});
