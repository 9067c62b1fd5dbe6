import { inspect } from 'node:util';
import { resolveConfig } from '../../src/config/millrace-config';
import { loadConfig } from '../../src/config/load-config';
import { redactConfig } from '../../src/config/redact-config';
import { createLogger } from '../../src/logging/create-logger';

const SECRET = 'correct-horse-battery-staple';
const CERT = '-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n';
const KEY = `-----BEGIN PRIVATE KEY-----\n${SECRET}\n-----END PRIVATE KEY-----\n`;

const config = resolveConfig({
  applicationId: 'a',
  brokers: 'localhost:9092',
  ssl: { cert: CERT, key: KEY, passphrase: SECRET },
  sasl: { mechanism: 'scram-sha-256', username: 'u', password: SECRET },
});

function messageOf(action: () => unknown): string {
  try {
    action();
  } catch (error) {
    return inspect(error);
  }
  throw new Error('nothing was thrown');
}

describe('secrets', () => {
  it('are in the configuration for those who connect', () => {
    expect(config.sasl?.password).toBe(SECRET);
    expect(config.ssl).toMatchObject({ key: KEY, passphrase: SECRET });
  });

  it('are not in a configuration that is printed', () => {
    for (const printed of [
      inspect(config),
      JSON.stringify(config),
      JSON.stringify(redactConfig(config)),
      inspect({ deep: { config } }, { depth: null }),
    ]) {
      expect(printed).not.toContain(SECRET);
      expect(printed).toContain('localhost:9092');
    }
    expect(redactConfig(config).sasl).toEqual({ mechanism: 'scram-sha-256', username: 'u', password: '[redacted]' });
  });

  it('are not in a log line, whether the configuration was copied or not', () => {
    const lines: string[] = [];
    const logger = createLogger({ format: 'json', destination: { write: (line) => lines.push(line) } });
    logger.info({ event: 'test', config }, 'the configuration');
    logger.info({ event: 'test', config: { ...config } }, 'a copy');
    logger.info({ event: 'test', ...config }, 'its fields');
    logger.error({ event: 'test', err: Object.assign(new Error('no'), { config: { ...config } }) }, 'an error with it');
    expect(lines).toHaveLength(4);
    expect(lines.join('')).not.toContain(SECRET);
  });

  it.each<[string, object]>([
    ['a password of the wrong type', { sasl: { mechanism: 'plain', username: 'u', password: [SECRET] } }],
    ['a whole object given as text', { sasl: `PLAIN:u:${SECRET}` }],
    ['an option name with a typing error', { sasl: { mechanism: 'plain', username: 'u', pasword: SECRET } }],
    ['a key that is not PEM', { ssl: { cert: CERT, key: SECRET } }],
    ['a key without its certificate', { ssl: { key: KEY } }],
    ['an unknown option', { saslPassword: SECRET }],
    ['TLS options given as text', { ssl: SECRET }],
  ])('are not in the error about %s', (_, options) => {
    const message = messageOf(() => resolveConfig({ applicationId: 'a', brokers: 'b:1', ...options }));
    expect(message).toContain('The configuration is invalid');
    expect(message).not.toContain(SECRET);
  });

  it('are not in the error about an environment variable', () => {
    const environment = { MILLRACE_SASL_PASSWORD: SECRET, MILLRACE_SASL_PASWORD: SECRET, MILLRACE_SASL_MECHANISM: 'x' };
    expect(messageOf(() => loadConfig({ flags: {}, environment }))).not.toContain(SECRET);
  });
});
