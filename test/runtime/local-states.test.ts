import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { resolveConfig } from '../../src/config/millrace-config';
import { silentLogger } from '../../src/logging/logger';
import { InstanceMemory } from '../../src/runtime/instance-memory';
import { LocalStates } from '../../src/runtime/local-states';
import { StateDirectory } from '../../src/state/state-directory';
import { TaskId } from '../../src/task/task-id';
import { build, text } from '../topology/build';

const topology = build((builder) => void builder.stream('in', text).groupByKey().count('counts'));
const config = resolveConfig({ applicationId: 'app', brokers: 'localhost:9092' });
const task = (partition: number): TaskId => new TaskId(0, partition);

let stateDir: string;
let directory: StateDirectory;

const newStates = (): LocalStates =>
  new LocalStates(directory, topology, new InstanceMemory(config, topology), silentLogger);

/** As after a start of the process. */
async function startAgain(): Promise<LocalStates> {
  await directory.close();
  directory = await StateDirectory.open(stateDir, 'app');
  return newStates();
}

beforeEach(async () => {
  stateDir = await mkdtemp(join(tmpdir(), 'millrace-local-states-'));
  directory = await StateDirectory.open(stateDir, 'app');
  const states = newStates();
  for (const partition of [0, 1]) {
    const { database, close } = await states.open(task(partition));
    const write = database.write();
    write.setChangelogPosition('counts', 100 + partition);
    await write.commit();
    await close();
  }
});
afterEach(async () => {
  await directory.close();
  await rm(stateDir, { recursive: true });
});

describe('local states', () => {
  it('hands over what it opened ahead, and knows how far each is', async () => {
    const states = await startAgain();
    await states.openAhead();
    expect(await states.localTasks()).toEqual([
      { taskId: '0_0', changelogSum: 100 },
      { taskId: '0_1', changelogSum: 101 },
    ]);
    const { database, close } = await states.open(task(1));
    expect(database.changelogPosition('counts')).toBe(101);
    await close();
  });

  it('closes what other instances were given, and leaves alone what this one holds', async () => {
    const states = await startAgain();
    await states.openAhead();
    const held = await states.open(task(0));
    await states.closeUnassigned();
    expect(held.database.changelogPosition('counts')).toBe(100);
    const moved = await states.open(task(1));
    expect(moved.database.changelogPosition('counts')).toBe(101);
    await Promise.all([held.close(), moved.close()]);
  });

  it('has a task wait until its holder has closed it', async () => {
    const states = await startAgain();
    await states.openAhead();
    const order: string[] = [];
    const first = await states.open(task(0));
    const second = states.open(task(0)).then((state) => {
      order.push('opened again');
      return state;
    });
    await new Promise(setImmediate);
    order.push('closed');
    await first.close();
    await (await second).close();
    expect(order).toEqual(['closed', 'opened again']);
  });

  it('tells who asks for a task that its state cannot be read, and only them', async () => {
    const other = build((builder) => {
      const last = (_key: string, value: string): string => value;
      void builder
        .stream('in', text)
        .groupByKey()
        .aggregate(() => '', last, { store: 'counts', value: text.value });
    });
    await directory.close();
    directory = await StateDirectory.open(stateDir, 'app');
    const states = new LocalStates(directory, other, new InstanceMemory(config, other), silentLogger);
    await states.openAhead();
    await expect(states.open(task(0))).rejects.toMatchObject({ code: 'STATE_INCOMPATIBLE' });
    await expect(states.closeUnassigned()).resolves.toBeUndefined();
  });
});
