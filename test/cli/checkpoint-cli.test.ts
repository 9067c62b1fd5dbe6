import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CheckpointCatalog } from '../../src/checkpoint/checkpoint-catalog';
import { createSnapshotStore } from '../../src/checkpoint/create-snapshot-store';
import { resolveConfig } from '../../src/config/millrace-config';
import { silentLogger } from '../../src/logging/logger';
import { APPLICATION, checkpointOf, fileOf, putFiles, savepointOf } from '../checkpoint/checkpoints';
import { CompiledCli, type Outcome } from './compiled-cli';

const KEY = `first:${'ab'.repeat(32)}`;
const OTHER_KEY = `other:${'cd'.repeat(32)}`;

describe('the commands of checkpoints, over an encrypted directory', () => {
  let cli: CompiledCli;
  let directory: string;
  let env: Record<string, string>;

  beforeAll(async () => {
    cli = await CompiledCli.compile();
  });
  afterAll(() => cli.remove());

  beforeEach(async () => {
    directory = mkdtempSync(join(tmpdir(), 'millrace-checkpoints-'));
    env = {
      MILLRACE_APPLICATION_ID: APPLICATION,
      MILLRACE_CHECKPOINT_STORE: directory,
      MILLRACE_CHECKPOINT_ENCRYPTION_KEY: KEY,
    };
    const options = { applicationId: APPLICATION, brokers: 'localhost:1' };
    const store = (await createSnapshotStore(
      resolveConfig({ ...options, checkpointStore: directory, checkpointEncryptionKey: KEY }),
    ))!;
    const files = [fileOf(1, '000007.sst'), fileOf(1, 'CURRENT')];
    await putFiles(store, files);
    const catalog = new CheckpointCatalog(store, APPLICATION, silentLogger);
    await catalog.write(checkpointOf(1, files));
    await catalog.write(savepointOf(2, 'mine', files));
    store.close();
  });
  afterEach(() => rmSync(directory, { recursive: true }));

  const run = (...args: string[]): Promise<Outcome> => cli.run(args, { env });

  it('list, show, verify and delete what is there', async () => {
    expect(await run('checkpoints', 'list')).toMatchObject({
      code: 0,
      stdout: expect.stringContaining('checkpoint-1') as string,
      stderr: '',
    });
    const shown = await run('savepoint', 'show', 'mine', '--json');
    expect(JSON.parse(shown.stdout)).toMatchObject({ id: 'mine', kind: 'savepoint', fullBytes: 17 });
    expect((await run('savepoint', 'verify', 'mine', '--deep')).code).toBe(0);
    expect(await run('savepoint', 'delete', 'mine')).toMatchObject({ code: 0, stderr: '' });
    expect(await run('savepoint', 'delete', 'mine')).toMatchObject({ code: 1, stdout: '' });
    expect((await run('checkpoints', 'verify', 'checkpoint-1', '--deep')).code).toBe(0);
  });

  it('find a changed byte, and a wrong key', async () => {
    const folder = join(directory, APPLICATION, 'files', '1');
    const file = join(folder, readdirSync(folder)[0]!);
    const content = readFileSync(file);
    content[content.length - 1]! ^= 1;
    writeFileSync(file, content);
    const outcome = await run('checkpoints', 'verify', 'checkpoint-1', '--deep');
    expect(outcome).toMatchObject({ code: 1, stdout: expect.stringMatching(/is damaged: 1 of 2 files/) as string });

    env['MILLRACE_CHECKPOINT_ENCRYPTION_KEY'] = OTHER_KEY;
    const listed = JSON.parse((await run('checkpoints', 'list', '--json')).stdout) as object[];
    expect(listed).toMatchObject([{ id: 'checkpoint-1', status: 'damaged' }]);
    const deletion = await run('savepoint', 'delete', 'mine');
    expect(deletion.code).toBe(0);
    expect(readdirSync(folder)).toHaveLength(2);
  });

  it('exit with 2 where no snapshot store is configured', async () => {
    delete env['MILLRACE_CHECKPOINT_STORE'];
    delete env['MILLRACE_CHECKPOINT_ENCRYPTION_KEY'];
    expect(await run('checkpoints', 'list')).toMatchObject({
      code: 2,
      stdout: '',
      stderr: expect.stringContaining('--checkpoint-store') as string,
    });
  });

  it('show in their help the flags that they use', async () => {
    const { stdout } = await run('checkpoints', 'list', '--help');
    expect(stdout).toContain('--checkpoint-store');
    expect(stdout).toContain('--application-id');
    expect(stdout).not.toContain('--commit-interval-ms');
  });
});
