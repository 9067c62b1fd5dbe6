import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { brokerAnswers } from '../support/broker-ready';
import { brokerSettings, KAFKA_VERSION } from '../support/broker-settings';
import { freePort } from '../support/free-port';
import { mavenJars } from '../support/maven-jars';
import { guardProcessGroup } from '../support/orphan-guard';

export const PLAIN_USER = { username: 'alice', password: 'alice-knows-it' };
export const SCRAM_USER = { username: 'bob', password: 'bob-knows-it' };
const STORE_PASSWORD = 'changeit';
const SASL_MECHANISMS = ['PLAIN', 'SCRAM-SHA-256', 'SCRAM-SHA-512'];

/** A broker with TLS and SASL listeners, and a certificate of its own. Always Apache Kafka from Maven. */
export class SecureBroker {
  private constructor(
    private readonly child: ChildProcess,
    private readonly folder: string,
    private readonly release: () => void,
    /** `host:port` by security protocol. */
    readonly listeners: Readonly<Record<'PLAINTEXT' | 'SSL' | 'SASL_PLAINTEXT' | 'SASL_SSL', string>>,
    /** In PEM. */
    readonly certificate: string,
  ) {}

  /** Logins are valid for `sessionMs`, and must then be renewed on the open connection. */
  static async start(sessionMs: number): Promise<SecureBroker> {
    const libs = await mavenJars(`kafka-${KAFKA_VERSION}`, [
      `org.apache.kafka:kafka_2.13:${KAFKA_VERSION}`,
      'org.apache.logging.log4j:log4j-slf4j-impl:2.24.3',
    ]);
    const folder = await mkdtemp(path.join(tmpdir(), 'millrace-secure-broker-'));
    const certificate = makeCertificate(folder);
    const listeners = {
      PLAINTEXT: `localhost:${await freePort()}`,
      SSL: `localhost:${await freePort()}`,
      SASL_PLAINTEXT: `localhost:${await freePort()}`,
      SASL_SSL: `localhost:${await freePort()}`,
    };
    const configuration = path.join(folder, 'server.properties');
    await writeFile(configuration, await properties(folder, listeners, sessionMs));
    const java = ['-Xmx400m', '-cp', path.join(libs, '*')];
    const credentials = `[name=${SCRAM_USER.username},password=${SCRAM_USER.password}]`;
    const scram = SASL_MECHANISMS.slice(1).flatMap((mechanism) => ['--add-scram', `${mechanism}=${credentials}`]);
    execFileSync(
      'java',
      [...java, 'kafka.tools.StorageTool', 'format', '-t', 'bWlsbHJhY2Utc2VjdXJlMQ', '-c', configuration, ...scram],
      { stdio: 'ignore' },
    );
    const child = spawn('java', [...java, 'kafka.Kafka', configuration], { stdio: 'ignore', detached: true });
    const release = guardProcessGroup(child.pid as number, folder);
    const broker = new SecureBroker(child, folder, release, listeners, certificate);
    if (!(await brokerAnswers([listeners.PLAINTEXT], 90_000, () => child.exitCode !== null))) {
      await broker.stop();
      throw new Error('the secure broker did not start');
    }
    return broker;
  }

  async stop(): Promise<void> {
    if (this.child.exitCode === null && this.child.signalCode === null) {
      this.child.kill('SIGKILL');
      await once(this.child, 'exit');
    }
    this.release();
    await rm(this.folder, { recursive: true, force: true, maxRetries: 3 });
  }
}

function makeCertificate(folder: string): string {
  const store = path.join(folder, 'keystore.p12');
  const keytool = (...parameters: string[]): Buffer =>
    execFileSync('keytool', [...parameters, '-keystore', store, '-storepass', STORE_PASSWORD, '-alias', 'broker'], {
      stdio: ['ignore', 'pipe', 'ignore'],
    });
  keytool(
    ...['-genkeypair', '-keyalg', 'EC', '-dname', 'CN=localhost', '-ext', 'SAN=dns:localhost', '-validity', '2'],
    ...['-storetype', 'PKCS12'],
  );
  keytool('-exportcert', '-rfc', '-file', path.join(folder, 'broker.pem'));
  return readFileSync(path.join(folder, 'broker.pem'), 'utf8');
}

async function properties(folder: string, listeners: SecureBroker['listeners'], sessionMs: number): Promise<string> {
  const controller = `localhost:${await freePort()}`;
  const protocols = Object.keys(listeners);
  const addresses = Object.entries(listeners).map(([protocol, address]) => `${protocol}://${address}`);
  const plainLogin =
    'org.apache.kafka.common.security.plain.PlainLoginModule required ' +
    `user_${PLAIN_USER.username}="${PLAIN_USER.password}";`;
  const scramLogin = 'org.apache.kafka.common.security.scram.ScramLoginModule required;';
  const logins = ['sasl_plaintext', 'sasl_ssl'].flatMap((listener) =>
    SASL_MECHANISMS.map((mechanism) => [
      `listener.name.${listener}.${mechanism.toLowerCase()}.sasl.jaas.config`,
      mechanism === 'PLAIN' ? plainLogin : scramLogin,
    ]),
  );
  const settings = {
    ...brokerSettings,
    listeners: [...addresses, `CONTROLLER://${controller}`].join(','),
    'advertised.listeners': addresses.join(','),
    'listener.security.protocol.map': ['CONTROLLER:PLAINTEXT', ...protocols.map((name) => `${name}:${name}`)].join(','),
    'controller.quorum.voters': `1@${controller}`,
    'log.dirs': path.join(folder, 'data'),
    'sasl.enabled.mechanisms': SASL_MECHANISMS.join(','),
    'connections.max.reauth.ms': String(sessionMs),
    'ssl.keystore.location': path.join(folder, 'keystore.p12'),
    'ssl.keystore.password': STORE_PASSWORD,
    'ssl.keystore.type': 'PKCS12',
    ...(Object.fromEntries(logins) as Record<string, string>),
  };
  return Object.entries(settings)
    .map(([name, value]) => `${name}=${value}\n`)
    .join('');
}
