import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ConfigError } from '../../src/config/config-error';
import { type ConfigInputs, loadConfig } from '../../src/config/load-config';
import { OPTIONS } from '../../src/config/option-list';

const REQUIRED = { MILLRACE_APPLICATION_ID: 'from-env', MILLRACE_BROKERS: 'env:1' };

function problemsOf(inputs: Partial<ConfigInputs>): string[] {
  try {
    loadConfig({ flags: {}, environment: {}, ...inputs });
  } catch (error) {
    if (error instanceof ConfigError) return error.message.split('\n').slice(1);
    throw error;
  }
  return [];
}

describe('loadConfig', () => {
  let directory: string;
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'millrace-config-'));
  });
  afterEach(() => rmSync(directory, { recursive: true }));

  function file(name: string, content: string): string {
    const path = join(directory, name);
    writeFileSync(path, content);
    return path;
  }

  it('prefers flags to the environment, the environment to the file, and the file to the defaults', () => {
    const configFile = file(
      'millrace.yaml',
      'applicationId: from-file\nbrokers: [file:1]\nlogLevel: debug\ncommitIntervalMs: 1\n',
    );
    const config = loadConfig({
      flags: { commitIntervalMs: '3' },
      environment: { MILLRACE_BROKERS: 'env:1', MILLRACE_COMMIT_INTERVAL_MS: '2' },
      configFile,
    });
    expect(config).toMatchObject({
      applicationId: 'from-file',
      brokers: ['env:1'],
      commitIntervalMs: 3,
      logLevel: 'debug',
      sessionTimeoutMs: 10_000,
    });
  });

  it('merges objects option by option', () => {
    const configFile = file(
      'millrace.json',
      JSON.stringify({ sasl: { mechanism: 'plain', username: 'file', password: 'file' } }),
    );
    const environment = { ...REQUIRED, MILLRACE_SASL_PASSWORD: 'env' };
    expect({ ...loadConfig({ flags: { 'sasl.username': 'flag' }, environment, configFile }).sasl }).toEqual({
      mechanism: 'plain',
      username: 'flag',
      password: 'env',
    });
  });

  it.each<[string, Record<string, string>, Record<string, string>, unknown]>([
    ['is off by default', {}, {}, false],
    ['is turned on by the environment', { MILLRACE_SSL: 'true' }, {}, {}],
    ['is turned off by a flag', { MILLRACE_SSL: 'true', MILLRACE_SSL_CA: '-----BEGIN x' }, { ssl: 'false' }, false],
    [
      'is turned on by one of its options',
      { MILLRACE_SSL: 'false' },
      { 'ssl.ca': '-----BEGIN x' },
      { ca: '-----BEGIN x' },
    ],
    [
      'keeps its options when turned on again',
      { MILLRACE_SSL_CA: '-----BEGIN x' },
      { ssl: 'true' },
      { ca: '-----BEGIN x' },
    ],
  ])('TLS %s', (_, environment, flags, expected) => {
    expect(loadConfig({ flags, environment: { ...REQUIRED, ...environment } }).ssl).toEqual(expected);
  });

  it('finds the file by MILLRACE_CONFIG, unless a flag names another', () => {
    const environment = { ...REQUIRED, MILLRACE_CONFIG: file('env.yaml', 'logLevel: warn') };
    expect(loadConfig({ flags: {}, environment }).logLevel).toBe('warn');
    expect(loadConfig({ flags: {}, environment, configFile: file('flag.yaml', 'logLevel: error') }).logLevel).toBe(
      'error',
    );
  });

  describe.each(OPTIONS.map((option) => [option.name, option] as const))('%s', (name, option) => {
    const pem = '-----BEGIN x';
    const environment = {
      ...REQUIRED,
      MILLRACE_SASL_MECHANISM: 'plain',
      MILLRACE_SASL_USERNAME: 'u',
      MILLRACE_SASL_PASSWORD: 'p',
      MILLRACE_SSL_CERT: pem,
      MILLRACE_SSL_KEY: pem,
    };
    /** Text that many options refuse, and the others hand on. */
    const text = '!x';

    function arrives(inputs: ConfigInputs, source: string): boolean {
      const problem = problemsOf(inputs)[0];
      if (problem !== undefined) return problem.startsWith(`  - ${name} `) && problem.endsWith(`from ${source}`);
      const value = option.path.reduce<unknown>(
        (inner, key) => (inner as Record<string, unknown>)[key],
        loadConfig(inputs),
      );
      return value === text;
    }

    it('can be set in the environment', () => {
      const source = `the environment variable ${option.environmentVariable}`;
      expect(arrives({ flags: {}, environment: { ...environment, [option.environmentVariable]: text } }, source)).toBe(
        true,
      );
    });

    it('can be set by a flag', () => {
      expect(arrives({ flags: { [name]: text }, environment }, `the flag ${option.flag}`)).toBe(true);
    });
  });

  it('says where a wrong value came from', () => {
    const configFile = file('millrace.yaml', 'logLevel: loud\nheartbeatIntervalMs: 60000\n');
    const problems = problemsOf({
      flags: { cacheMaxBytes: '1e6' },
      environment: { ...REQUIRED, MILLRACE_NUM_STREAM_THREADS: '0' },
      configFile,
    });
    expect(problems).toEqual([
      expect.stringMatching(/numStreamThreads.*found 0, from the environment variable MILLRACE_NUM_STREAM_THREADS$/),
      expect.stringMatching(/cacheMaxBytes.*found "1e6", from the flag --cache-max-bytes$/),
      expect.stringMatching(/logLevel.*found "loud", from the file .*millrace\.yaml$/),
      expect.stringMatching(/heartbeatIntervalMs.*found 60000, from the file .*millrace\.yaml$/),
    ]);
  });

  it('treats an empty environment variable as not set', () => {
    expect(loadConfig({ flags: {}, environment: { ...REQUIRED, MILLRACE_LOG_LEVEL: '' } }).logLevel).toBe('info');
  });

  it('refuses an environment variable that is almost the name of an option', () => {
    expect(problemsOf({ environment: { ...REQUIRED, MILLRACE_LOGLEVEL: 'warn' } })).toEqual([
      "  - MILLRACE_LOGLEVEL: expected 'MILLRACE_LOG_LEVEL'; found an environment variable that is not an option",
    ]);
  });

  it('leaves variables alone that a platform sets for a service called millrace', () => {
    const environment = {
      ...REQUIRED,
      MILLRACE_PORT: 'tcp://10.0.0.1:80',
      MILLRACE_SERVICE_HOST: '10.0.0.1',
      MILLRACE_PORT_80_TCP_PORT: '80',
    };
    expect(problemsOf({ environment })).toEqual([]);
  });

  it.each<[string, string, string]>([
    ['is not YAML', 'a: [1', 'expected YAML or JSON; found BAD_COLLECTION_TYPE|expected YAML or JSON; found'],
    ['is a list', '- a\n', 'expected an object of options; found a list'],
    ['has an unknown option', 'comitIntervalMs: 1\n', "expected 'commitIntervalMs'"],
  ])('refuses a file that %s', (_, content, message) => {
    const problems = problemsOf({ environment: REQUIRED, configFile: file('millrace.yaml', content) });
    expect(problems).toHaveLength(1);
    expect(problems[0]).toMatch(new RegExp(message));
    expect(problems[0]).toContain('millrace.yaml');
  });

  it('does not quote a file that cannot be parsed, because it may hold a password', () => {
    const configFile = file('millrace.json', '{"sasl": {"password": "hunter2" "username": "u"}}');
    expect(problemsOf({ environment: REQUIRED, configFile }).join()).not.toContain('hunter2');
  });

  it('refuses a file that is not there', () => {
    expect(problemsOf({ environment: REQUIRED, configFile: join(directory, 'none.yaml') })[0]).toContain(
      'found ENOENT',
    );
  });

  it('takes an empty file as no options', () => {
    expect(problemsOf({ environment: REQUIRED, configFile: file('millrace.yaml', '') })).toEqual([]);
  });
});
