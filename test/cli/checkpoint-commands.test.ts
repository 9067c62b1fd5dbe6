import { CommanderError } from 'commander';
import { CheckpointCatalog } from '../../src/checkpoint/checkpoint-catalog';
import type { CheckpointMetadata } from '../../src/checkpoint/checkpoint-metadata';
import { failuresObject, metadataObject } from '../../src/checkpoint/object-names';
import { EXIT } from '../../src/cli/exit-codes';
import { createProgram } from '../../src/cli/program';
import { ConfigError } from '../../src/config/config-error';
import type { MillraceConfig } from '../../src/config/millrace-config';
import { silentLogger } from '../../src/logging/logger';
import { APPLICATION, checkpointOf, fileOf, putFiles, savepointOf } from '../checkpoint/checkpoints';
import { FailingStore } from '../checkpoint/failing-store';

interface Outcome {
  readonly code: number | undefined;
  readonly stdout: string;
  readonly stderr: string;
}

const files = [fileOf(1, '000007.sst'), fileOf(2, 'CURRENT')];
const checkpoint = checkpointOf(2, files, {
  channels: [
    {
      topic: { name: 'words', internal: true },
      partition: 3,
      from: 41,
      barriers: [{ producerId: '9', offset: 44 }],
      records: fileOf(2, 'words-3'),
    },
  ],
});

describe('millrace checkpoints and millrace savepoint', () => {
  let store: FailingStore;
  let isConfigured: boolean;
  let opened: MillraceConfig[];
  let closed: number;

  beforeEach(() => {
    store = new FailingStore();
    isConfigured = true;
    opened = [];
    closed = 0;
    store.close = () => void closed++;
  });

  async function write(metadata: CheckpointMetadata): Promise<void> {
    await putFiles(store, [...metadata.tasks[0]!.files, ...metadata.channels.flatMap(({ records }) => records ?? [])]);
    await new CheckpointCatalog(store, APPLICATION, silentLogger).write(metadata);
  }

  /** Runs the program in this process, without the process's environment. */
  async function millrace(...args: string[]): Promise<Outcome> {
    const written = { stdout: '', stderr: '' };
    const stream = (name: 'stdout' | 'stderr'): object => ({ write: (text: string) => (written[name] += text) });
    const fake = { env: {}, stdout: stream('stdout'), stderr: stream('stderr') } as unknown as NodeJS.Process;
    let code: number | undefined;
    const program = createProgram(
      {
        process: fake,
        createApplication: () => Promise.reject(new Error('not here')),
        requestCheckpoint: () => Promise.reject(new Error('nobody asks in these tests')),
        restoreApplication: () => Promise.reject(new Error('not here')),
        resetApplication: () => Promise.reject(new Error('not here')),
        openSnapshotStore: (config) => {
          opened.push(config);
          return Promise.resolve(isConfigured ? store : undefined);
        },
        version: '0',
      },
      (exitCode) => {
        code = exitCode;
      },
    );
    await program.parseAsync(['node', 'millrace', ...args]);
    return { code, ...written };
  }

  const of = ['--application-id', APPLICATION];
  const json = ({ stdout }: Outcome): unknown => JSON.parse(stdout);

  it('need the application id, and neither brokers nor a topology', async () => {
    expect(await millrace('checkpoints', 'list', ...of)).toMatchObject({ code: EXIT.ok, stderr: '' });
    expect(opened).toMatchObject([{ applicationId: APPLICATION }]);
    expect(closed).toBe(1);
    await expect(millrace('checkpoints', 'list')).rejects.toThrow(ConfigError);
    await expect(millrace('checkpoints', 'list', ...of)).resolves.toMatchObject({
      stdout: expect.stringMatching(/^No checkpoints of application 'orders' in memory/) as string,
    });
  });

  it('say which option is missing where there is no snapshot store, and exit with 2', async () => {
    isConfigured = false;
    const outcome = await millrace('checkpoints', 'list', ...of);
    expect(outcome).toMatchObject({ code: EXIT.usage, stdout: '' });
    expect(outcome.stderr).toContain('checkpointStore (--checkpoint-store, MILLRACE_CHECKPOINT_STORE)');
  });

  it('take every flag that run takes', async () => {
    await millrace('savepoint', 'list', ...of, '--brokers', 'a:1', '--commit-interval-ms', '50', '--no-ssl');
    expect(opened).toMatchObject([{ brokers: ['a:1'], commitIntervalMs: 50, ssl: false }]);
  });

  it.each(['show', 'verify', 'delete'])('%s needs an id', async (command) => {
    await expect(millrace('savepoint', command, ...of)).rejects.toThrow(CommanderError);
    expect(opened).toEqual([]);
  });

  describe('list', () => {
    it('shows those that failed, and why', async () => {
      await write(checkpoint);
      const failed = {
        ...{ number: 7, kind: 'checkpoint', trigger: 'interval' },
        ...{ beganAt: 0, failedAt: 1_500, reason: 'it took longer than 1500 ms' },
      };
      await store.put(failuresObject(APPLICATION), Buffer.from(JSON.stringify([failed])));
      const { stdout } = await millrace('checkpoints', 'list', ...of);
      expect(stdout.split('\n')[1]).toMatch(/^- +7 +interval .*failed: it took longer than 1500 ms$/);
      expect(stdout.split('\n')[2]).toMatch(/^checkpoint-2 /);
      expect((await millrace('savepoint', 'list', ...of)).stdout).not.toContain('failed');
      expect(JSON.parse((await millrace('checkpoints', 'list', '--json', ...of)).stdout)).toContainEqual({
        ...failed,
        status: 'failed',
        durationMs: 1_500,
      });
    });

    beforeEach(async () => {
      await write(checkpointOf(1, files.slice(0, 1)));
      await write(checkpoint);
      await write(savepointOf(3, 'before-upgrade'));
      const damaged = metadataObject(APPLICATION, 'checkpoint', 'checkpoint-1');
      store.objects.set(damaged, store.objects.get(damaged)!.subarray(0, 9));
    });

    it('shows each kind as a table, the newest first, damaged ones with the reason', async () => {
      const { code, stdout } = await millrace('checkpoints', 'list', ...of);
      expect(code).toBe(EXIT.ok);
      expect(stdout.split('\n')).toEqual([
        'ID            NUMBER  TRIGGER   COMPLETED (UTC)      DURATION  SIZE  WRITTEN  TASKS  STATUS',
        'checkpoint-2  2       interval  2023-11-14 22:15:21  1.5 s     24 B  10 B     1      complete',
        expect.stringMatching(/^checkpoint-1 {2}1 +damaged: it is not JSON, or was cut off$/),
        '',
      ]);
      expect((await millrace('savepoint', 'list', ...of)).stdout).toMatch(/^ID.*\nbefore-upgrade +3 +on-demand.*\n$/);
    });

    it('prints JSON', async () => {
      expect(json(await millrace('checkpoints', 'list', '--json', ...of))).toEqual([
        {
          id: 'checkpoint-2',
          kind: 'checkpoint',
          number: 2,
          status: 'complete',
          trigger: 'interval',
          beganAt: checkpoint.beganAt,
          completedAt: checkpoint.completedAt,
          durationMs: 1_500,
          fullBytes: 24,
          incrementalBytes: 10,
          tasks: 1,
        },
        expect.objectContaining({ id: 'checkpoint-1', status: 'damaged', damage: expect.any(String) as string }),
      ]);
    });
  });

  describe('show', () => {
    beforeEach(() => write(checkpoint));

    it('says how available the application was until then', async () => {
      const { completedAt } = checkpoint;
      const since = completedAt - 16 * 3_600_000;
      const lastRecovery = { detectMs: 10_400, restoreMs: 600, catchUpMs: 1_200 };
      const availability = { since, failures: 3, replayedRecords: 1_840, lastRecovery };
      await write({ ...checkpoint, id: 'checkpoint-3', number: 3, availability });
      const { stdout } = await millrace('checkpoints', 'show', 'checkpoint-3', ...of);
      expect(stdout).toContain(`
failures          3 since 2023-11-14 06:15:21 UTC, 5 h 20 min between them
last recovery     detected in 10.4 s, restored in 600 ms, caught up in 1.2 s
replayed records  1840
`);
      const json = await millrace('checkpoints', 'show', 'checkpoint-3', '--json', ...of);
      expect(JSON.parse(json.stdout)).toMatchObject({
        availability: { failures: 3, timeBetweenFailuresMs: 19_200_000, lastRecovery },
      });
    });

    it('says so when there was no failure yet', async () => {
      const { completedAt } = checkpoint;
      const availability = { since: completedAt, failures: 0, replayedRecords: 0 };
      await write({ ...checkpoint, id: 'checkpoint-3', number: 3, availability });
      const { stdout } = await millrace('checkpoints', 'show', 'checkpoint-3', ...of);
      expect(stdout).toMatch(/^failures +0 since .* UTC$\nlast recovery +-$\nreplayed records +0$/m);
      const json = await millrace('checkpoints', 'show', 'checkpoint-3', '--json', ...of);
      expect(JSON.parse(json.stdout)).toMatchObject({ availability: { timeBetweenFailuresMs: null } });
    });

    it('says when it was taken, what it cost and what is in it', async () => {
      expect((await millrace('checkpoints', 'show', 'checkpoint-2', ...of)).stdout).toBe(
        `id            checkpoint-2
application   orders
kind          checkpoint, number 2
trigger       interval
began         2023-11-14 22:15:20 UTC
completed     2023-11-14 22:15:21 UTC
duration      1.5 s
size          24 B in 3 files, 10 B written for it
slowest task  0_0, 1.4 s

TASK  FILES  SIZE  INPUT    OFFSET  CHANGELOG  POSITION
0_0   2      17 B  lines-0  1234    counts     77

CHANNEL  FROM  BARRIERS  COPIED
words-3  41    1         7 B
`,
      );
    });

    it('prints the metadata as JSON, with its figures', async () => {
      const shown = json(await millrace('checkpoints', 'show', 'checkpoint-2', '--json', ...of));
      expect(shown).toEqual({ ...checkpoint, durationMs: 1_500, fullBytes: 24 });
    });
  });

  describe('verify', () => {
    beforeEach(() => write(checkpoint));

    it('exits with 0 when everything is there', async () => {
      expect(await millrace('checkpoints', 'verify', 'checkpoint-2', ...of)).toMatchObject({
        code: EXIT.ok,
        stdout: expect.stringMatching(/^checkpoint-2 is complete: 3 files, 24 B/) as string,
      });
    });

    it('exits with 1 and names the files that are damaged', async () => {
      store.objects.set(files[0]!.object, Buffer.from('000008.sst'));
      expect((await millrace('checkpoints', 'verify', 'checkpoint-2', ...of)).code).toBe(EXIT.ok);
      const outcome = await millrace('checkpoints', 'verify', 'checkpoint-2', '--deep', ...of);
      expect(outcome).toMatchObject({ code: EXIT.failed });
      expect(outcome.stdout).toMatch(
        /^checkpoint-2 is damaged: 1 of 3 files.*\n {2}orders\/files\/1\/.* has other content/,
      );
      const machine = await millrace('checkpoints', 'verify', 'checkpoint-2', '--deep', '--json', ...of);
      expect(machine.code).toBe(EXIT.failed);
      expect(json(machine)).toMatchObject({ sound: false, problems: [{ object: files[0]!.object }] });
    });

    it('exits with 1 when the metadata is damaged', async () => {
      const object = metadataObject(APPLICATION, 'checkpoint', 'checkpoint-2');
      store.objects.set(object, Buffer.from('{}'));
      const outcome = await millrace('checkpoints', 'verify', 'checkpoint-2', ...of);
      expect(outcome).toMatchObject({ code: EXIT.failed, stdout: '' });
      expect(outcome.stderr).toContain(`'${object}' in memory cannot be used: it has no format version`);
      const machine = await millrace('checkpoints', 'verify', 'checkpoint-2', '--json', ...of);
      expect(machine.code).toBe(EXIT.failed);
      expect(json(machine)).toMatchObject({ sound: false, problems: [{ object }] });
    });
  });

  describe('delete', () => {
    it('says what it deleted', async () => {
      await write(savepointOf(1, 'mine', files));
      await write(checkpointOf(2, files.slice(1)));
      const { code, stdout } = await millrace('savepoint', 'delete', 'mine', ...of);
      expect({ code, stdout }).toEqual({ code: EXIT.ok, stdout: 'Deleted mine: 1 file, 10 B.\n' });
      expect(store.objects.has(files[0]!.object)).toBe(false);
      expect(store.objects.has(files[1]!.object)).toBe(true);
    });

    it('says which files it left, and deletes them too when the application is stopped', async () => {
      await write(savepointOf(1, 'mine', files));
      expect((await millrace('savepoint', 'delete', 'mine', ...of)).stdout).toMatch(/0 files.*\nFiles were left/);
      await write(savepointOf(2, 'mine', files));
      const outcome = await millrace('savepoint', 'delete', 'mine', '--application-stopped', '--json', ...of);
      expect(json(outcome)).toMatchObject({ ids: ['mine'], files: 2 });
      expect([...store.objects.keys()]).toEqual([]);
    });
  });

  it.each(['show', 'verify', 'delete'])(
    '%s of an id that is not there exits with 1 and touches nothing',
    async (command) => {
      await write(checkpoint);
      const before = [...store.objects.keys()];
      // A checkpoint is no savepoint, and no path leads out of the folder of savepoints.
      for (const id of ['none', 'checkpoint-2', '../restoring', '.']) {
        const outcome = await millrace('savepoint', command, id, ...of);
        expect(outcome).toMatchObject({ code: EXIT.failed, stdout: '' });
        expect(outcome.stderr).toContain(
          `There is no checkpoint or savepoint '${id}' of application 'orders' in memory.`,
        );
      }
      expect([...store.objects.keys()]).toEqual(before);
    },
  );

  it('exit with 1 and say why when the store does not answer', async () => {
    store.failAfter = 0;
    const outcome = await millrace('checkpoints', 'list', ...of);
    expect(outcome).toMatchObject({ code: EXIT.failed, stdout: '' });
    expect(outcome.stderr).toContain('Reading');
    expect(closed).toBe(1);
  });
});
