import { spawnSync } from 'node:child_process';
import pino from 'pino';
import { BrokerSecurityError, KafkaUnavailableError, type ClientOptions, type SaslOptions } from '../../src/kafka';
import { ConnectedClusters, newTopic } from './connected-cluster';
import { epochOf, readyProducer } from './epochs';
import { committedValues } from './read-values';
import { PLAIN_USER, SCRAM_USER, SecureBroker } from './secure-broker';

/** Longer than kafkajs's margin for renewing a login (10 s), by little. */
const SESSION_MS = 12_000;

const clusters = new ConnectedClusters();
let broker: SecureBroker;
let lines: string[];

const logger = pino({ level: 'trace' }, { write: (line) => lines.push(line) });

function connect(listener: keyof SecureBroker['listeners'], options: Partial<ClientOptions>) {
  return clusters.connect({ ...options, brokers: [broker.listeners[listener]], logger });
}

const plain: SaslOptions = { mechanism: 'plain', ...PLAIN_USER };
const scram256: SaslOptions = { mechanism: 'scram-sha-256', ...SCRAM_USER };
const scram512: SaslOptions = { mechanism: 'scram-sha-512', ...SCRAM_USER };

/** There is no container to fall back to: this broker is set up in ways that an image is not. */
const withJava = [
  ['java', '-version'],
  ['mvn', '-version'],
].every(([command, ...parameters]) => spawnSync(command!, parameters).status === 0);

(withJava ? describe : describe.skip)('A secured broker', () => {
  beforeAll(async () => {
    broker = await SecureBroker.start(SESSION_MS);
  }, 180_000);
  beforeEach(() => {
    lines = [];
  });
  afterEach(() => clusters.close());
  afterAll(() => broker.stop());

  it.each([plain, scram256, scram512])('is used with $mechanism', async (sasl) => {
    const cluster = await connect('SASL_PLAINTEXT', { sasl });
    expect(await cluster.partitionCount(await newTopic(cluster, 2))).toBe(2);
    expect(lines.join('')).not.toContain(sasl.password);
  });

  it('is used over TLS', async () => {
    const cluster = await connect('SSL', { ssl: { ca: broker.certificate } });
    expect(await cluster.partitionCount(await newTopic(cluster, 2))).toBe(2);
  });

  it('takes whole transactions over TLS with a login', async () => {
    const cluster = await connect('SASL_SSL', { ssl: { ca: broker.certificate }, sasl: scram512 });
    const topic = await newTopic(cluster);
    const producer = await readyProducer(cluster);
    await producer.commit(await epochOf(cluster, topic, [{ value: 'secret' }, { value: 'x'.repeat(500_000) }]));
    producer.close();
    expect((await committedValues(cluster, topic)).map((value) => value.length)).toEqual([6, 500_000]);
  });

  it('is used on after a login expired', async () => {
    const cluster = await connect('SASL_PLAINTEXT', { sasl: plain });
    const topic = await newTopic(cluster);
    // The broker ends connections whose login expired and was not renewed, so time has to pass.
    await new Promise((resolve) => setTimeout(resolve, SESSION_MS + 1_000));
    expect(await cluster.currentPartitionCounts([topic])).toEqual(new Map([[topic, 1]]));
  });

  it.each([plain, scram256, scram512])(
    'that refuses $mechanism is an error at once, without the password',
    async (sasl) => {
      const wrong = { ...sasl, password: 'not-the-password' };
      const error = await connect('SASL_PLAINTEXT', { sasl: wrong }).catch((thrown: unknown) => thrown);
      expect(error).toBeInstanceOf(BrokerSecurityError);
      expect((error as Error).message).toMatch(/SASL.*(Invalid username or password|invalid credentials)/);
      expect(lines.join('') + String((error as Error).stack)).not.toContain('not-the-password');
    },
  );

  it('whose certificate is signed by nobody known is refused', async () => {
    const error = await connect('SSL', { ssl: true }).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(BrokerSecurityError);
    expect((error as Error).message).toMatch(/self-signed certificate/);
  });

  it.each([
    ['a client without TLS', 'SSL', {}],
    ['a client without a login', 'SASL_PLAINTEXT', {}],
    ['a client with TLS on a listener without', 'PLAINTEXT', { ssl: true }],
  ] as const)('and %s: the error says where to look', async (_, listener, options) => {
    const error = await connect(listener, { ...options, retryTimeoutMs: 500 }).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(KafkaUnavailableError);
    expect((error as Error).message).toMatch(/ssl and sasl settings/);
  });
});
