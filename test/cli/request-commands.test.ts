import { CommanderError } from 'commander';
import { CheckpointFailedError, type RequestedCheckpoint } from '../../src/checkpoint/checkpoint-requests';
import { EXIT } from '../../src/cli/exit-codes';
import { createProgram } from '../../src/cli/program';
import type { MillraceConfig } from '../../src/config/millrace-config';

type Asked = readonly [MillraceConfig, Omit<RequestedCheckpoint, 'applicationId'>];

describe('what asks a running application for a checkpoint', () => {
  let asked: Asked[];
  let answer: () => Promise<string>;

  beforeEach(() => {
    asked = [];
    answer = () => Promise.resolve('the-id');
  });

  async function millrace(...args: string[]): Promise<{ code: number | undefined; stdout: string; stderr: string }> {
    const written = { stdout: '', stderr: '' };
    const stream = (name: 'stdout' | 'stderr'): object => ({ write: (text: string) => (written[name] += text) });
    const process = { env: {}, stdout: stream('stdout'), stderr: stream('stderr') } as unknown as NodeJS.Process;
    const nobody = (): Promise<never> => Promise.reject(new Error('not here'));
    let code: number | undefined;
    const program = createProgram(
      {
        process,
        createApplication: nobody,
        openSnapshotStore: nobody,
        restoreApplication: nobody,
        resetApplication: nobody,
        requestCheckpoint: (config, wanted) => {
          asked.push([config, wanted]);
          return answer();
        },
        version: '0',
      },
      (exitCode) => (code = exitCode),
    );
    try {
      await program.parseAsync([...args, '--application-id', 'app', '--brokers', 'kafka:9092'], { from: 'user' });
    } catch (error) {
      if (!(error instanceof CommanderError)) throw error;
      code = EXIT.usage;
    }
    return { code, ...written };
  }

  it.each([
    [['checkpoints', 'trigger'], { kind: 'checkpoint', id: undefined, thenStop: false }],
    [['savepoint', 'create'], { kind: 'savepoint', id: undefined, thenStop: false }],
    [['savepoint', 'create', 'before-v2'], { kind: 'savepoint', id: 'before-v2', thenStop: false }],
    [['checkpoints', 'trigger', '--full'], { kind: 'checkpoint', thenStop: false, full: true }],
    [['savepoint', 'create', '--full'], { kind: 'savepoint', thenStop: false, full: true }],
    [['stop', '--savepoint'], { kind: 'savepoint', id: undefined, thenStop: true }],
    [['stop', '--savepoint', 'before-v2'], { kind: 'savepoint', id: 'before-v2', thenStop: true }],
    [['stop', '--savepoint', '--drain'], { kind: 'savepoint', thenStop: true, drain: true }],
  ])('%j prints the id of what was taken', async (args, wanted) => {
    expect(await millrace(...args)).toMatchObject({ code: EXIT.ok, stdout: 'the-id\n' });
    expect(asked).toHaveLength(1);
    expect(asked[0]![0]).toMatchObject({ applicationId: 'app', brokers: ['kafka:9092'] });
    expect(asked[0]![1]).toMatchObject({ ...wanted, answerTimeoutMs: 60_000 });
  });

  it('says why it failed, and exits with 1', async () => {
    answer = () => Promise.reject(new CheckpointFailedError('savepoint', 'a member has left'));
    const { code, stdout, stderr } = await millrace('savepoint', 'create');
    expect({ code, stdout }).toEqual({ code: EXIT.failed, stdout: '' });
    expect(stderr).toContain('The savepoint failed: a member has left.');
  });

  it.each([
    [['savepoint', 'create', 'checkpoint-7'], 'checkpoints have such names'],
    [['savepoint', 'create', '../elsewhere'], 'letters, digits'],
    [['stop'], "required option '--savepoint [id]'"],
    [['checkpoints', 'trigger', '--answer-timeout-ms', 'soon'], 'a number of milliseconds is needed'],
  ])('%j asks for nothing, and exits with 2', async (args, why) => {
    const { code, stderr } = await millrace(...args);
    expect(code).toBe(EXIT.usage);
    expect(stderr).toContain(why);
    expect(asked).toEqual([]);
  });
});
