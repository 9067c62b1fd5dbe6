import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ConfigError } from '../../src/config/config-error';
import { type MillraceOptions, resolveConfig } from '../../src/config/millrace-config';

const REQUIRED = { applicationId: 'word-count', brokers: 'localhost:9092' } as const;
const PEM = '-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n';

/** Options as JavaScript or a file may give them: of any type. */
function problemsOf(options: unknown): string[] {
  try {
    resolveConfig(options as MillraceOptions);
  } catch (error) {
    if (error instanceof ConfigError) return error.message.split('\n').slice(1);
    throw error;
  }
  return [];
}

describe('resolveConfig', () => {
  it('fills in the defaults', () => {
    expect(resolveConfig(REQUIRED)).toMatchObject({
      applicationId: 'word-count',
      brokers: ['localhost:9092'],
      clientId: 'word-count',
      stateDir: join(tmpdir(), 'millrace'),
      processingGuarantee: 'exactly_once_v2',
      commitIntervalMs: 100,
      transactionTimeoutMs: 10_000,
      replicationFactor: -1,
      inputBufferMaxBytes: 16 * 1024 * 1024,
      fetchMaxBytes: 1024 * 1024,
      deserializationExceptionHandler: 'fail',
      ssl: false,
      httpHost: '127.0.0.1',
    });
    expect(resolveConfig(REQUIRED).httpPort).toBeUndefined();
  });

  it('keeps what was given', () => {
    expect(
      resolveConfig({ ...REQUIRED, clientId: 'c', commitIntervalMs: 7, fetchMaxBytes: 5, logLevel: 'warn' }),
    ).toMatchObject({
      clientId: 'c',
      commitIntervalMs: 7,
      fetchMaxBytes: 5,
      logLevel: 'warn',
    });
  });

  it('takes the size of a fetch from the size of the input buffer', () => {
    expect(resolveConfig({ ...REQUIRED, inputBufferMaxBytes: 1000 }).fetchMaxBytes).toBe(62);
  });

  it.each<[string, string | readonly string[], string[]]>([
    ['a list as text', 'a:9092, b:9093', ['a:9092', 'b:9093']],
    ['an array', ['a:9092', '[::1]:9093'], ['a:9092', '[::1]:9093']],
  ])('reads brokers from %s', (_, brokers, expected) => {
    expect(resolveConfig({ ...REQUIRED, brokers }).brokers).toEqual(expected);
  });

  it('leaves a resolved configuration as it is', () => {
    const config = resolveConfig({
      ...REQUIRED,
      ssl: { ca: PEM },
      sasl: { mechanism: 'plain', username: 'u', password: 'p' },
    });
    expect({ ...resolveConfig(config) }).toEqual({ ...config });
    expect(resolveConfig(config).sasl?.password).toBe('p');
  });

  it('lists every problem at once, each with the three spellings of its option', () => {
    expect(problemsOf({ brokers: 'localhost', sessionTimeoutMs: 'soon', compressionType: 'rar' })).toEqual([
      "  - applicationId (--application-id, MILLRACE_APPLICATION_ID): expected 1 to 249 of the characters a-z A-Z 0-9 . _ - (and not '.' or '..'); found nothing",
      '  - brokers (--brokers, MILLRACE_BROKERS): expected host:port, or several of them; found "localhost"',
      '  - compressionType (--compression-type, MILLRACE_COMPRESSION_TYPE): expected one of none, gzip, snappy, lz4, zstd; found "rar"',
      '  - sessionTimeoutMs (--session-timeout-ms, MILLRACE_SESSION_TIMEOUT_MS): expected an integer of at least 1; found "soon"',
    ]);
  });

  it('has a stable code and typed problems', () => {
    let thrown: unknown;
    try {
      resolveConfig({ ...REQUIRED, cacheMaxBytes: 0 });
    } catch (error) {
      thrown = error;
    }
    expect(thrown).toBeInstanceOf(ConfigError);
    expect(thrown).toMatchObject({
      name: 'ConfigError',
      code: 'CONFIG_INVALID',
      problems: [
        {
          option: 'cacheMaxBytes',
          spellings: ['--cache-max-bytes', 'MILLRACE_CACHE_MAX_BYTES'],
          expected: 'an integer of at least 1',
          found: '0',
        },
      ],
    });
  });

  it.each([
    ['comitIntervalMs', 'commitIntervalMs'],
    ['commitinterval', 'commitIntervalMs'],
    ['bootstrapServers', undefined],
  ])('names the option nearest to the unknown %s', (unknown, nearest) => {
    const [problem] = problemsOf({ ...REQUIRED, [unknown]: 1 });
    expect(problem).toContain(
      nearest === undefined ? 'expected one of applicationId, brokers' : `expected '${nearest}'`,
    );
    expect(problem).toContain('found a name that is not an option');
  });

  it('names the nearest option inside an object too', () => {
    expect(problemsOf({ ...REQUIRED, ssl: { certificate: 'x', caa: PEM } })).toEqual([
      '  - ssl.certificate: expected one of ca, cert, key, passphrase; found a name that is not an option',
      "  - ssl.caa: expected 'ssl.ca'; found a name that is not an option",
    ]);
  });

  it.each<[string, object, string]>([
    ['heartbeats not within the session', { heartbeatIntervalMs: 10_000 }, 'heartbeatIntervalMs'],
    ['a session longer than a rebalance', { sessionTimeoutMs: 400_000 }, 'sessionTimeoutMs'],
    ['a fetch longer than a heartbeat', { fetchMaxWaitMs: 5_000 }, 'fetchMaxWaitMs'],
    ['a fetch that is larger than the buffer', { inputBufferMaxBytes: 10, fetchMaxBytes: 11 }, 'fetchMaxBytes'],
    ['a transaction shorter than a commit interval', { commitIntervalMs: 10_000 }, 'commitIntervalMs'],
    ['a dead-letter handler without a topic', { processingExceptionHandler: 'dead-letter' }, 'deadLetterTopic'],
    ['a certificate without a key', { ssl: { cert: PEM } }, 'ssl.key'],
    ['a key without a certificate', { ssl: { key: PEM } }, 'ssl.cert'],
    ['a broker without a port', { brokers: ['a:1', 'b'] }, 'brokers'],
    ['a replication factor of zero', { replicationFactor: 0 }, 'replicationFactor'],
    ['an application id that Kafka does not allow', { applicationId: 'word count' }, 'applicationId'],
    ['options that are no object', { sasl: 'PLAIN' }, 'sasl'],
  ])('refuses %s', (_, options, option) => {
    const problems = problemsOf({ ...REQUIRED, ...options });
    expect(problems).toHaveLength(1);
    expect(problems[0]).toMatch(new RegExp(`^ {2}- ${option}[ :]`));
  });

  it('allows a long commit interval where there are no transactions', () => {
    expect(problemsOf({ ...REQUIRED, processingGuarantee: 'at_least_once', commitIntervalMs: 30_000 })).toEqual([]);
  });

  it('finds what does not fit together beside what is wrong by itself', () => {
    const problems = problemsOf({ ...REQUIRED, logLevel: 'loud', heartbeatIntervalMs: 20_000 });
    expect(problems).toHaveLength(2);
    expect(problems[1]).toContain('heartbeatIntervalMs');
  });

  it.each([[undefined], [null], ['x'], [[]]])('refuses %p as a configuration', (options) => {
    expect(problemsOf(options)).toEqual([expect.stringContaining('expected an object of options')]);
  });

  describe('PEM files', () => {
    let directory: string;
    beforeEach(() => {
      directory = mkdtempSync(join(tmpdir(), 'millrace-pem-'));
    });
    afterEach(() => rmSync(directory, { recursive: true }));

    it('are read', () => {
      const ca = join(directory, 'ca.pem');
      writeFileSync(ca, PEM);
      expect(resolveConfig({ ...REQUIRED, ssl: { ca } }).ssl).toEqual({ ca: PEM });
    });

    it('must be there', () => {
      expect(problemsOf({ ...REQUIRED, ssl: { ca: join(directory, 'none.pem') } })).toEqual([
        expect.stringMatching(/ssl\.ca .*the path of a PEM file that can be read \(ENOENT\); found ".*none\.pem"/),
      ]);
    });

    it('must be PEM', () => {
      const ca = join(directory, 'ca.der');
      writeFileSync(ca, 'binary');
      expect(problemsOf({ ...REQUIRED, ssl: { ca } })).toEqual([
        expect.stringContaining('the path of a file in PEM format'),
      ]);
    });
  });

  it('turns TLS on by `ssl: true`', () => {
    expect(resolveConfig({ ...REQUIRED, ssl: true }).ssl).toEqual({});
  });
});
