import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { BrokerStartError } from './broker-errors';
import { brokerAnswers } from './broker-ready';
import { brokerHeap, brokerSettings, KAFKA_VERSION } from './broker-settings';
import { freePort } from './free-port';
import type { BrokerOrReason, TestBroker } from './kafka-broker';
import { mavenJars } from './maven-jars';
import { guardProcessGroup, type ReleaseGuard } from './orphan-guard';

const READY_TIMEOUT_MS = 90_000;
const CLEAN_STOP_TIMEOUT_MS = 15_000;

/** Apache Kafka (KRaft, broker and controller in one) as a child process, its jars from Maven. */
export async function startMavenBroker(log: (line: string) => void): Promise<BrokerOrReason> {
  const java = findJava();
  if ('unavailable' in java) return java;
  let libs: string;
  try {
    libs = await mavenJars(
      `kafka-${KAFKA_VERSION}`,
      [`org.apache.kafka:kafka_2.13:${KAFKA_VERSION}`, 'org.apache.logging.log4j:log4j-slf4j-impl:2.24.3'],
      log,
    );
  } catch (error) {
    return { unavailable: `the jars of Apache Kafka cannot be had: ${(error as Error).message}` };
  }
  return { broker: await MavenBroker.start(java.command, libs) };
}

function findJava(): { command: string } | { unavailable: string } {
  const home = process.env['JAVA_HOME'];
  const command = home ? path.join(home, 'bin', 'java') : 'java';
  const probe = spawnSync(command, ['-version'], { encoding: 'utf8' });
  if (probe.error) return { unavailable: `Java is not installed ('${command}' cannot be run)` };
  const major = Number(/version "(\d+)/.exec(probe.stderr)?.[1] ?? 0);
  if (major < 17) return { unavailable: `'${command}' is Java ${major}, and Kafka needs 17 or later` };
  return { command };
}

class MavenBroker implements TestBroker {
  readonly kind = 'maven';
  readonly brokers: string[];
  private process: ChildProcess | undefined;
  private releaseGuard: ReleaseGuard = () => undefined;

  private constructor(
    private readonly java: string,
    private readonly libs: string,
    private readonly folder: string,
    address: string,
  ) {
    this.brokers = [address];
  }

  static async start(java: string, libs: string): Promise<MavenBroker> {
    const folder = await mkdtemp(path.join(tmpdir(), 'millrace-broker-'));
    const address = `127.0.0.1:${await freePort()}`;
    const broker = new MavenBroker(java, libs, folder, address);
    try {
      await writeFile(path.join(folder, 'log4j2.xml'), loggingConfiguration);
      await writeFile(path.join(folder, 'server.properties'), await properties(folder, address));
      await broker.format();
      await broker.run();
    } catch (error) {
      await broker.stop();
      throw error;
    }
    return broker;
  }

  describe(): string {
    return `Apache Kafka ${KAFKA_VERSION} from Maven at ${this.brokers.join(', ')} (process ${this.process?.pid ?? 'none'}, data in ${this.folder})`;
  }

  async kill(signal: 'SIGKILL' | 'SIGTERM' = 'SIGKILL'): Promise<void> {
    const child = this.process;
    if (child === undefined || hasEnded(child)) return;
    child.ref();
    const ended = once(child, 'exit');
    child.kill(signal);
    if (signal === 'SIGTERM') {
      const stopped = await Promise.race([ended.then(() => true), pause(CLEAN_STOP_TIMEOUT_MS, false, { ref: false })]);
      if (!stopped) child.kill('SIGKILL');
    }
    await ended;
  }

  async restart(): Promise<void> {
    await this.kill('SIGTERM');
    await this.run();
  }

  async pause(): Promise<void> {
    this.process?.kill('SIGSTOP');
  }

  async resume(): Promise<void> {
    this.process?.kill('SIGCONT');
  }

  async stop(): Promise<void> {
    await this.kill('SIGKILL');
    await rm(this.folder, { recursive: true, force: true, maxRetries: 3 });
    this.releaseGuard();
  }

  private async format(): Promise<void> {
    const child = this.spawnJava('kafka.tools.StorageTool', [
      ...['format', '--cluster-id', 'bWlsbHJhY2UtYnJva2VyMQ', '--config', path.join(this.folder, 'server.properties')],
    ]);
    const [code] = (await once(child, 'exit')) as [number | null];
    if (code !== 0) throw await this.startError('could not format its data folder');
  }

  private async run(): Promise<void> {
    const child = this.spawnJava('kafka.Kafka', [path.join(this.folder, 'server.properties')]);
    this.process = child;
    if (!(await brokerAnswers(this.brokers, READY_TIMEOUT_MS, () => hasEnded(child)))) {
      throw await this.startError(
        hasEnded(child) ? 'ended while it started' : `did not answer within ${READY_TIMEOUT_MS / 1000} s`,
      );
    }
    child.unref();
  }

  private spawnJava(mainClass: string, parameters: readonly string[]): ChildProcess {
    const logFile = openSync(path.join(this.folder, 'broker.log'), 'a');
    const child = spawn(
      this.java,
      [
        ...brokerHeap.split(' '),
        `-Dlog4j2.configurationFile=${path.join(this.folder, 'log4j2.xml')}`,
        ...['-cp', path.join(this.libs, '*'), mainClass, ...parameters],
      ],
      { cwd: this.folder, stdio: ['ignore', logFile, logFile], detached: true },
    );
    closeSync(logFile);
    this.releaseGuard();
    this.releaseGuard = child.pid === undefined ? () => undefined : guardProcessGroup(child.pid, this.folder);
    return child;
  }

  private async startError(reason: string): Promise<BrokerStartError> {
    const text = await readFile(path.join(this.folder, 'broker.log'), 'utf8').catch(() => '');
    return new BrokerStartError(this.describe(), reason, text.trim().split('\n').slice(-20).join('\n'));
  }
}

function hasEnded(child: ChildProcess): boolean {
  return child.exitCode !== null || child.signalCode !== null;
}

async function properties(folder: string, address: string): Promise<string> {
  const controller = `127.0.0.1:${await freePort()}`;
  const settings = {
    ...brokerSettings,
    listeners: `PLAINTEXT://${address},CONTROLLER://${controller}`,
    'advertised.listeners': `PLAINTEXT://${address}`,
    'controller.quorum.voters': `1@${controller}`,
    'log.dirs': path.join(folder, 'data'),
  };
  return Object.entries(settings)
    .map(([name, value]) => `${name}=${value}\n`)
    .join('');
}

const loggingConfiguration = `<Configuration status="ERROR">
  <Appenders><Console name="out"><PatternLayout pattern="%d{HH:mm:ss.SSS} %p %m (%c{1})%n"/></Console></Appenders>
  <Loggers>
    <Root level="WARN"><AppenderRef ref="out"/></Root>
    <Logger name="kafka.server.KafkaRaftServer" level="INFO"/>
  </Loggers>
</Configuration>
`;
