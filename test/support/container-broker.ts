import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import type { ContainerRuntimeClient } from 'testcontainers';
import { BrokerStartError } from './broker-errors';
import { brokerAnswers } from './broker-ready';
import { brokerHeap, brokerSettings, KAFKA_VERSION } from './broker-settings';
import { pullUnlessPresent } from './container-image';
import { canListen, freePort } from './free-port';
import type { BrokerOrReason, TestBroker } from './kafka-broker';
import { guardContainer, type ReleaseGuard } from './orphan-guard';

const READY_TIMEOUT_MS = 90_000;
const CLEAN_STOP_TIMEOUT_S = 15;
const CONTAINER_PORT = 9092;
const OWNER_LABEL = 'millrace.test-broker.owner';

type Container = ReturnType<ContainerRuntimeClient['container']['getById']>;

/** Kafka in a container, where an engine answers and has or can pull the image that `KAFKA_IMAGE` names. */
export async function startContainerBroker(log: (line: string) => void): Promise<BrokerOrReason> {
  const image = process.env['KAFKA_IMAGE'] ?? `apache/kafka:${KAFKA_VERSION}`;
  // Its reaper is an image of its own, which not every machine can pull; the guard and the labels below do that work.
  process.env['TESTCONTAINERS_RYUK_DISABLED'] ??= 'true';
  const { GenericContainer, getContainerRuntimeClient, Wait } = await import('testcontainers');

  let engine: ContainerRuntimeClient;
  try {
    engine = await getContainerRuntimeClient();
  } catch {
    return { unavailable: 'no Docker engine answers' };
  }
  const missing = await pullUnlessPresent(engine, image, log);
  if (missing !== undefined) return { unavailable: missing };
  await removeLeftovers(engine);

  // A port that Docker picks changes with a restart, and the address that Kafka advertises would be stale.
  const port = await freePort();
  const name = `millrace-broker-${randomUUID()}`;
  const releaseGuard = guardContainer(name);
  const address = `${await publishedHost(engine)}:${port}`;
  try {
    const started = await new GenericContainer(image)
      .withName(name)
      .withExposedPorts({ container: CONTAINER_PORT, host: port })
      .withEnvironment(environment(address))
      .withLabels({ [OWNER_LABEL]: owner() })
      .withWaitStrategy(Wait.forLogMessage('Kafka Server started'))
      .withStartupTimeout(READY_TIMEOUT_MS)
      .start();
    const container = engine.container.getById(started.getId());
    return { broker: await ContainerBroker.take(container, image, address, releaseGuard) };
  } catch (error) {
    await engine.container
      .getById(name)
      .remove({ force: true, v: true })
      .catch(() => undefined);
    releaseGuard();
    return { unavailable: `image '${image}' does not start: ${(error as Error).message}` };
  }
}

class ContainerBroker implements TestBroker {
  readonly kind = 'container';
  readonly brokers: string[];

  private constructor(
    private readonly container: Container,
    private readonly image: string,
    address: string,
    private readonly releaseGuard: ReleaseGuard,
  ) {
    this.brokers = [address];
  }

  static async take(
    container: Container,
    image: string,
    address: string,
    releaseGuard: ReleaseGuard,
  ): Promise<ContainerBroker> {
    const broker = new ContainerBroker(container, image, address, releaseGuard);
    await broker.untilReady();
    return broker;
  }

  describe(): string {
    return `${this.image} in container ${this.container.id.slice(0, 12)} at ${this.brokers.join(', ')}`;
  }

  async kill(signal: 'SIGKILL' | 'SIGTERM' = 'SIGKILL'): Promise<void> {
    if (!(await this.runs())) return;
    if (signal === 'SIGTERM') {
      await this.container.stop({ t: CLEAN_STOP_TIMEOUT_S });
      return;
    }
    const ended = this.container.wait();
    await this.container.kill({ signal });
    await ended;
  }

  async restart(): Promise<void> {
    await this.kill('SIGTERM');
    await this.container.start();
    await this.untilReady();
  }

  async pause(): Promise<void> {
    await this.container.pause();
  }

  async resume(): Promise<void> {
    await this.container.unpause();
  }

  async stop(): Promise<void> {
    await this.container.remove({ force: true, v: true }).catch((error: { statusCode?: number }) => {
      const alreadyGone = error.statusCode === 404;
      if (!alreadyGone) throw error;
    });
    this.releaseGuard();
  }

  private async untilReady(): Promise<void> {
    if (await brokerAnswers(this.brokers, READY_TIMEOUT_MS, () => false)) return;
    const log = await this.container.logs({ stdout: true, stderr: true, tail: 20, follow: false });
    throw new BrokerStartError(this.describe(), `did not answer within ${READY_TIMEOUT_MS / 1000} s`, log.toString());
  }

  private async runs(): Promise<boolean> {
    return (await this.container.inspect()).State.Running;
  }
}

/**
 * Where the ports that the engine publishes are found. Testcontainers names the engine's bridge when it believes to run inside a
 * container; where that bridge is one of this machine's own addresses, the loopback address does.
 */
async function publishedHost(engine: ContainerRuntimeClient): Promise<string> {
  const { host } = engine.info.containerRuntime;
  return host === 'localhost' || (await canListen(host, 0)) ? '127.0.0.1' : host;
}

/** Kafka's images turn `KAFKA_FOO_BAR` into `foo.bar`. */
function environment(address: string): Record<string, string> {
  const settings = {
    ...brokerSettings,
    listeners: `PLAINTEXT://:${CONTAINER_PORT},BROKER://localhost:9094,CONTROLLER://localhost:9093`,
    // The broker calls itself to verify transactions, and the host's port does not exist inside the container.
    'advertised.listeners': `PLAINTEXT://${address},BROKER://localhost:9094`,
    'listener.security.protocol.map': 'CONTROLLER:PLAINTEXT,BROKER:PLAINTEXT,PLAINTEXT:PLAINTEXT',
    'inter.broker.listener.name': 'BROKER',
    'controller.quorum.voters': '1@localhost:9093',
    'log.dirs': '/tmp/millrace-kafka',
  };
  const variables = Object.entries(settings).map(([name, value]) => [
    `KAFKA_${name.toUpperCase().replaceAll('.', '_')}`,
    value,
  ]);
  return { ...(Object.fromEntries(variables) as Record<string, string>), KAFKA_HEAP_OPTS: brokerHeap };
}

/** Who started a container: the machine and the process. */
function owner(): string {
  return `${hostname()}/${process.pid}`;
}

/** Removes the brokers of processes that were killed on this machine, should their guards have failed. */
async function removeLeftovers(engine: ContainerRuntimeClient): Promise<void> {
  const docker = engine.container.dockerode;
  const found = await docker.listContainers({ all: true, filters: { label: [OWNER_LABEL] } });
  for (const { Id, Labels } of found) {
    const [machine, pid] = (Labels[OWNER_LABEL] ?? '').split('/');
    if (machine !== hostname() || isAlive(Number(pid))) continue;
    await docker
      .getContainer(Id)
      .remove({ force: true, v: true })
      .catch(() => undefined);
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
