import { DockerRequiredError, NoBrokerError } from './broker-errors';
import { startContainerBroker } from './container-broker';
import { externalBroker } from './external-broker';
import { startMavenBroker } from './maven-broker';

/** A Kafka broker for tests, demo and bench. */
export interface TestBroker {
  /** Where it came from: `KAFKA_BROKERS`, a container, or Apache Kafka from Maven as a child process. */
  readonly kind: 'external' | 'container' | 'maven';
  /** `host:port` of every broker; stays the same over restarts. */
  readonly brokers: string[];
  /** One line for people: what runs, and where. */
  describe(): string;
  /** Sends a signal, and waits until the broker is gone if the signal ends it. Default: SIGKILL. */
  kill(signal?: 'SIGKILL' | 'SIGTERM'): Promise<void>;
  /** Stops it cleanly if it runs, starts it with the same address and data, and waits until it answers. */
  restart(): Promise<void>;
  /** Freezes it: connections stay open, nothing answers. */
  pause(): Promise<void>;
  resume(): Promise<void>;
  /** Ends it and removes its data. Does nothing to an external broker, and nothing the second time. */
  stop(): Promise<void>;
}

export interface StartBrokerOptions {
  /** Gets one line per thing worth knowing: which broker runs, and why not another. Default: nothing is said. */
  readonly log?: (line: string) => void;
  /** True for who will kill, restart or pause it: `KAFKA_BROKERS` is then not used. Default: false. */
  readonly own?: boolean;
}

/**
 * Finds or starts a broker: `KAFKA_BROKERS`, else a container where a Docker engine has or can pull the image
 * (`KAFKA_IMAGE`, default `apache/kafka`), else Apache Kafka from Maven. What is started here ends with this process,
 * however that ends.
 *
 * @throws NoBrokerError when none of the three can be had; its message says what to install
 * @throws DockerRequiredError when `REQUIRE_DOCKER=1` and it cannot run in a container
 *
 * @example
 * const broker = await startBroker({ log: console.log });
 * const kafka = new Kafka({ brokers: broker.brokers });
 * await broker.stop();
 */
export async function startBroker(options: StartBrokerOptions = {}): Promise<TestBroker> {
  const log = options.log ?? (() => undefined);
  const broker = await findOrStart(options.own ?? false, log);
  log(`broker: ${broker.describe()}`);
  return broker;
}

async function findOrStart(own: boolean, log: (line: string) => void): Promise<TestBroker> {
  const given = process.env['KAFKA_BROKERS'];
  if (given && !own) return externalBroker(given);

  const container = await startContainerBroker(log);
  if ('broker' in container) return container.broker;
  if (process.env['REQUIRE_DOCKER'] === '1') throw new DockerRequiredError(container.unavailable);
  log(`no container: ${container.unavailable}`);

  const maven = await startMavenBroker(log);
  if ('broker' in maven) return maven.broker;
  throw new NoBrokerError([
    own && given ? 'KAFKA_BROKERS is set, but this needs a broker of its own' : 'KAFKA_BROKERS is not set',
    `container: ${container.unavailable}`,
    `Maven: ${maven.unavailable}`,
  ]);
}

/** A broker, or the reason why this way to one is closed on this machine. */
export type BrokerOrReason = { readonly broker: TestBroker } | { readonly unavailable: string };
