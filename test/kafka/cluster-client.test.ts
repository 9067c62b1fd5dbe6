import { createServer, type Server } from 'node:net';
import pino from 'pino';
import {
  BrokerSecurityError,
  ClusterClient,
  KafkaUnavailableError,
  TopicAdmin,
  TopicMissingError,
} from '../../src/kafka';
import { ClientClosedError } from '../../src/kafka/errors';
import { silentLogger } from '../../src/logging/logger';
import { uniqueName } from '../support/kafka-names';
import { sharedBrokers } from '../support/shared-broker';
import { ConnectedClusters, newTopic } from './connected-cluster';

const clusters = new ConnectedClusters();
const servers: Server[] = [];

afterEach(async () => {
  await clusters.close();
  for (const server of servers.splice(0)) server.close();
});

/** A port on which somebody listens who is no broker. */
async function listen(onConnection: Parameters<typeof createServer>[1]): Promise<string> {
  const server = createServer(onConnection);
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return `127.0.0.1:${(server.address() as { port: number }).port}`;
}

async function closedPort(): Promise<string> {
  const address = await listen(() => undefined);
  servers.pop()?.close();
  return address;
}

describe('ClusterClient', () => {
  it('connects through whichever configured broker answers', async () => {
    const cluster = await clusters.connect({ brokers: [await closedPort(), ...(await sharedBrokers())] });
    const topic = await newTopic(cluster, 3);
    expect(await cluster.partitionCount(topic)).toBe(3);
  });

  it('names a topic that does not exist', async () => {
    const cluster = await clusters.connect();
    const missing = uniqueName('missing');
    const error = await cluster.partitionCount(missing).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(TopicMissingError);
    expect(error).toMatchObject({ code: 'TOPIC_MISSING', topic: missing });
  });

  it('finds a topic that was created after it was asked for', async () => {
    const cluster = await clusters.connect();
    const name = uniqueName('late');
    await expect(cluster.partitionCount(name)).rejects.toThrow(TopicMissingError);
    const other = await clusters.connect();
    await new TopicAdmin(other).createTopics([{ name, partitions: 2, replicationFactor: -1, configs: {} }]);
    expect(await cluster.partitionCount(name)).toBe(2);
  });

  it('gives up on brokers that refuse connections after its retry time, and says why', async () => {
    const address = await closedPort();
    const cluster = new ClusterClient({
      brokers: [address],
      clientId: 'test',
      logger: silentLogger,
      retryTimeoutMs: 300,
    });
    const error = await cluster.connect().catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(KafkaUnavailableError);
    expect((error as Error).message).toMatch(new RegExp(`connecting to Kafka after \\d+ ms.*${address}.*ECONNREFUSED`));
    await cluster.close();
  });

  it('gives up on a broker that accepts the connection and never answers', async () => {
    const address = await listen(() => undefined);
    const cluster = new ClusterClient({
      brokers: [address],
      clientId: 'test',
      logger: silentLogger,
      connectionTimeoutMs: 200,
      retryTimeoutMs: 300,
    });
    await expect(cluster.connect()).rejects.toThrow(/ApiVersions.*timed out/);
    await cluster.close();
  });

  it('closes at once while it waits for a broker, and ends the waiting', async () => {
    const cluster = new ClusterClient({
      brokers: [await listen(() => undefined)],
      clientId: 'test',
      logger: silentLogger,
    });
    const connecting = cluster.connect().catch((thrown: unknown) => thrown);
    await new Promise(setImmediate);
    const before = performance.now();
    await cluster.close();
    expect(await connecting).toBeInstanceOf(Error);
    expect(performance.now() - before).toBeLessThan(2_000);
  });

  it('refuses work after it was closed', async () => {
    const cluster = await clusters.connect();
    await cluster.close();
    await expect(cluster.currentPartitionCounts(['orders'])).rejects.toThrow(ClientClosedError);
  });

  it('reports a refused login without the password, in errors and in logs', async () => {
    const lines: string[] = [];
    const logger = pino({ level: 'trace' }, { write: (line) => lines.push(line) });
    const cluster = new ClusterClient({
      brokers: await sharedBrokers(),
      clientId: 'test',
      logger,
      sasl: { mechanism: 'plain', username: 'alice', password: 'correct-horse' },
    });
    const error = await cluster.connect().catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(BrokerSecurityError);
    expect((error as Error).message).toMatch(/Check the ssl and sasl settings/);
    let cause: unknown = error;
    while (cause instanceof Error) {
      expect(`${cause.message} ${cause.stack}`).not.toContain('correct-horse');
      cause = cause.cause;
    }
    expect(lines.length).toBeGreaterThan(0);
    expect(lines.join('')).not.toContain('correct-horse');
    expect(lines.join('')).not.toContain(Buffer.from('\0alice\0correct-horse').toString('base64'));
    await cluster.close();
  });
});
