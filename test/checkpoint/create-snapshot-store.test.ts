import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { inspect } from 'node:util';
import { createSnapshotStore } from '../../src/checkpoint/create-snapshot-store';
import { DirectorySnapshotStore } from '../../src/checkpoint/directory-snapshot-store';
import { EncryptedSnapshotStore } from '../../src/checkpoint/encrypted-snapshot-store';
import { S3SnapshotStore } from '../../src/checkpoint/s3-snapshot-store';
import { ConfigError } from '../../src/config/config-error';
import { loadConfig } from '../../src/config/load-config';
import { type MillraceConfig, type MillraceOptions, resolveConfig } from '../../src/config/millrace-config';
import { createLogger } from '../../src/logging/create-logger';
import { read } from './objects';
import { useTestCredentials } from './s3-for-tests';

const KEY = 'c3'.repeat(32);

let directory: string;
beforeEach(() => {
  useTestCredentials();
  directory = mkdtempSync(path.join(tmpdir(), 'millrace-store-'));
});
afterEach(() => rmSync(directory, { recursive: true }));

const configOf = (options: Partial<MillraceOptions>): MillraceConfig =>
  resolveConfig({ applicationId: 'a', brokers: 'b:1', ...options });

/** The options that are reported, and what was expected of them. */
function problemsOf(options: Partial<MillraceOptions>): string[] {
  try {
    configOf(options);
  } catch (error) {
    if (error instanceof ConfigError) return error.message.split('\n').slice(1);
    throw error;
  }
  return [];
}

describe('the snapshot store of a configuration', () => {
  it('is none by default', async () => {
    expect(await createSnapshotStore(configOf({}))).toBeUndefined();
  });

  it.each([
    ['an absolute path', '/data/of the/checkpoints', '/data/of the/checkpoints'],
    ['a path with a slash at its end', '/data/checkpoints/', '/data/checkpoints'],
    ['a URL', 'file:///data/of%20the/checkpoints', '/data/of the/checkpoints'],
  ])('is a directory for %s', async (_, checkpointStore, place) => {
    const store = await createSnapshotStore(configOf({ checkpointStore }));
    expect(store).toBeInstanceOf(DirectorySnapshotStore);
    expect(store?.description).toBe(`the directory ${place}`);
  });

  it.each([
    ['s3://checkpoints', 's3://checkpoints/'],
    ['s3://checkpoints/', 's3://checkpoints/'],
    ['s3://check.points-1/team=a/production/', 's3://check.points-1/team=a/production'],
  ])('is a bucket for %s', async (checkpointStore, description) => {
    const store = await createSnapshotStore(configOf({ checkpointStore, checkpointS3Region: 'eu-central-1' }));
    expect(store).toBeInstanceOf(S3SnapshotStore);
    expect(store?.description).toBe(description);
    store?.close();
  });

  it('takes the options of S3', async () => {
    const store = await createSnapshotStore(
      configOf({
        checkpointStore: 's3://bucket/prefix',
        checkpointS3Endpoint: 'http://localhost:9000',
        checkpointS3ForcePathStyle: true,
      }),
    );
    expect(store?.description).toBe('s3://bucket/prefix at http://localhost:9000');
    store?.close();
  });

  it('needs a region, unless there is an endpoint', async () => {
    const opening = createSnapshotStore(configOf({ checkpointStore: 's3://bucket' }));
    await expect(opening).rejects.toThrow(ConfigError);
    await expect(opening).rejects.toThrow(/checkpointS3Region .*expected a region.*AWS_REGION/);
    process.env['AWS_REGION'] = 'eu-central-1';
    (await createSnapshotStore(configOf({ checkpointStore: 's3://bucket' })))?.close();
  });

  it.each(['as text', 'from a file'])('is encrypted with the keys that are given %s', async (how) => {
    const file = path.join(directory, 'keys');
    writeFileSync(file, `# keys\nnew:${KEY}\nold:${'00'.repeat(32)}\n`);
    const config = configOf({
      checkpointStore: path.join(directory, 'store'),
      ...(how === 'as text' ? { checkpointEncryptionKey: `new:${KEY}` } : { checkpointEncryptionKeyFile: file }),
    });
    const store = await createSnapshotStore(config);
    expect(store).toBeInstanceOf(EncryptedSnapshotStore);
    await store?.put('app/a', Buffer.from('content'));
    const plain = new DirectorySnapshotStore({ directory: path.join(directory, 'store') });
    expect((await read(plain, 'app/a')).toString('latin1', 0, 13)).toBe('millrace\x01\x03new');
  });

  it('touches nothing before it is used', async () => {
    await createSnapshotStore(configOf({ checkpointStore: path.join(directory, 'store') }));
    expect(readdirSync(directory)).toEqual([]);
  });

  it('is the same for a configuration that is given again', () => {
    const file = path.join(directory, 'keys');
    writeFileSync(file, `k:${KEY}\n`);
    const config = configOf({ checkpointStore: '/data/checkpoints', checkpointEncryptionKeyFile: file });
    expect({ ...resolveConfig(config) }).toEqual({ ...config });
  });

  it('does not load the AWS SDK for a directory', () => {
    const program = `
      const { createSnapshotStore } = require('./src/checkpoint/create-snapshot-store.ts');
      const sdk = () => Object.keys(require.cache).filter((file) => file.includes('@aws-sdk')).length;
      const of = (checkpointStore) => createSnapshotStore({ checkpointStore, checkpointS3Region: 'r' });
      of('/data').then(() => { process.stdout.write(sdk() + ' '); return of('s3://bucket'); }).then(() => process.stdout.write(sdk() > 0 ? 'some' : 'none'));
    `;
    const node = ['--import', 'tsx', '--input-type=commonjs', '--eval', program];
    expect(execFileSync('node', node, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] })).toBe('0 some');
  });
});

describe('a configuration of a snapshot store', () => {
  const BUCKET = { checkpointStore: 's3://bucket' };
  it.each<[string, Partial<MillraceOptions>, string]>([
    ['a relative path', { checkpointStore: 'data/checkpoints' }, 'checkpointStore'],
    ['a URL of a relative path', { checkpointStore: 'file:checkpoints' }, 'checkpointStore'],
    ['a URL of another machine', { checkpointStore: 'file://host/checkpoints' }, 'checkpointStore'],
    ['a URL of another kind', { checkpointStore: 'https://bucket.s3.amazonaws.com' }, 'checkpointStore'],
    ['no bucket', { checkpointStore: 's3://' }, 'checkpointStore'],
    ['a bucket with capitals', { checkpointStore: 's3://Bucket/prefix' }, 'checkpointStore'],
    ['a prefix that leads out', { checkpointStore: 's3://bucket/../other' }, 'checkpointStore'],
    ['a prefix with an empty part', { checkpointStore: 's3://bucket//prefix' }, 'checkpointStore'],
    ['the directory of the state', { checkpointStore: '/state', stateDir: '/state/' }, 'checkpointStore'],
    ['a directory within that of the state', { checkpointStore: '/state/a', stateDir: '/state' }, 'checkpointStore'],
    ['an endpoint without a scheme', { ...BUCKET, checkpointS3Endpoint: 'localhost:9000' }, 'checkpointS3Endpoint'],
    ['a password in the endpoint', { ...BUCKET, checkpointS3Endpoint: 'http://u:p@host' }, 'checkpointS3Endpoint'],
    ['a region that is none', { ...BUCKET, checkpointS3Region: 'Frankfurt am Main' }, 'checkpointS3Region'],
    ['an endpoint for a directory', { checkpointStore: '/a', checkpointS3Endpoint: 'http://host' }, 'checkpointStore'],
    ['a region without a store', { checkpointS3Region: 'eu-central-1' }, 'checkpointStore'],
    ['a key without a store', { checkpointEncryptionKey: `k:${KEY}` }, 'checkpointStore'],
    ['a key that is none', { ...BUCKET, checkpointEncryptionKey: KEY }, 'checkpointEncryptionKey'],
    [
      'a key file that is not there',
      { ...BUCKET, checkpointEncryptionKeyFile: '/no/keys' },
      'checkpointEncryptionKeyFile',
    ],
  ])('is refused for %s', (_, options, option) => {
    const problems = problemsOf(options);
    expect(problems).toHaveLength(1);
    expect(problems[0]).toMatch(new RegExp(`^ {2}- ${option}[ :]`));
  });

  it('is refused for a key beside a key file, and for a file without keys', () => {
    const file = path.join(directory, 'keys');
    writeFileSync(file, 'correct-horse-battery-staple');
    const [problem, ...others] = problemsOf({ ...BUCKET, checkpointEncryptionKeyFile: file });
    expect(others).toEqual([]);
    expect(problem).toMatch(/checkpointEncryptionKeyFile .*expected the path of a file with `id:key`/);
    expect(problem).not.toContain('horse');
    writeFileSync(file, `k:${KEY}`);
    const both = { ...BUCKET, checkpointEncryptionKeyFile: file, checkpointEncryptionKey: `k:${KEY}` };
    expect(problemsOf(both)).toEqual([
      expect.stringMatching(/expected nothing, because checkpointEncryptionKey is given/),
    ]);
  });

  it('allows a directory that only begins like that of the state', () => {
    expect(problemsOf({ checkpointStore: '/state-of-checkpoints', stateDir: '/state' })).toEqual([]);
  });

  it('never shows a key', () => {
    const file = path.join(directory, 'keys');
    writeFileSync(file, `k:${KEY}`);
    const lines: string[] = [];
    const logger = createLogger({ format: 'json', destination: { write: (line) => lines.push(line) } });
    for (const config of [
      configOf({ ...BUCKET, checkpointEncryptionKey: `k:${KEY}` }),
      configOf({ ...BUCKET, checkpointEncryptionKeyFile: file }),
    ]) {
      expect(config.checkpointEncryptionKey).toContain(KEY);
      logger.info({ event: 'test', config }, 'the configuration');
      logger.info({ event: 'test', config: { ...config } }, 'a copy');
      logger.info({ event: 'test', ...config }, 'its fields');
      expect(inspect(config) + JSON.stringify(config)).not.toContain(KEY);
    }
    expect(lines).toHaveLength(6);
    expect(lines.join('')).not.toContain(KEY);
    const environment = { MILLRACE_CHECKPOINT_ENCRYPTION_KEY: KEY, MILLRACE_CHECKPOINT_STORE: '/a' };
    const loading = () => loadConfig({ flags: { applicationId: 'a', brokers: 'b:1' }, environment });
    expect(loading).toThrow(/checkpointEncryptionKey .*found a string \(hidden\)/);
    expect(loading).not.toThrow(new RegExp(KEY));
  });
});
