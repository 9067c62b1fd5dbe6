import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { rmSync } from 'node:fs';
import { mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { brokerAnswers } from './broker-ready';
import { BrokerFaultNotPossibleError } from './broker-errors';
import { externalBroker } from './external-broker';
import { startBroker, type TestBroker } from './kafka-broker';
import { createTopics, produce, readTopic } from './kafka-clients';

describe('startBroker', () => {
  describe('with a broker of its own', () => {
    let broker: TestBroker;
    beforeAll(async () => {
      broker = await startBroker({ own: true });
    });
    afterAll(async () => {
      await broker.stop();
    });

    it('keeps address and records over a kill and a clean restart', async () => {
      await createTopics(broker.brokers, { topic: 'kept', partitions: 1 });
      await produce(broker.brokers, 'kept', [{ key: 'a', value: 'before the kill' }]);

      await broker.kill();
      expect(await brokerAnswers(broker.brokers, 500, () => false)).toBe(false);
      await broker.restart();
      await produce(broker.brokers, 'kept', [{ key: 'a', value: 'before the restart' }]);
      await broker.restart();

      const values = (await readTopic(broker.brokers, 'kept')).map(({ value }) => value?.toString());
      expect(values).toEqual(['before the kill', 'before the restart']);
    });

    it('answers nothing while it is paused, and goes on afterwards', async () => {
      await broker.pause();
      expect(await brokerAnswers(broker.brokers, 500, () => false)).toBe(false);

      await broker.resume();
      expect(await brokerAnswers(broker.brokers, 20_000, () => false)).toBe(true);
    });
  });

  it('ends with its starter, also when that is killed', async () => {
    const folder = await mkdtemp(path.join(tmpdir(), 'millrace-starter-'));
    const script = path.join(folder, 'starter.ts');
    await writeFile(
      script,
      `import { startBroker } from ${JSON.stringify(path.join(__dirname, 'kafka-broker'))};
       void startBroker({ own: true }).then(({ brokers }) => console.log(brokers[0]));
       setInterval(() => undefined, 1000);`,
    );
    const starter = spawn(process.execPath, ['--import', 'tsx', script], { stdio: ['ignore', 'pipe', 'inherit'] });
    const [address] = (await once(createInterface({ input: starter.stdout }), 'line')) as [string];
    expect(await brokerAnswers([address], 5_000, () => false)).toBe(true);

    starter.kill('SIGKILL');
    await once(starter, 'exit');

    await silentWithin(address, 10_000);
    rmSync(folder, { recursive: true });
  });

  it('uses the brokers that KAFKA_BROKERS names as they are, and refuses to disturb them', async () => {
    const broker = externalBroker('kafka-1:9092, kafka-2:9092');

    expect(broker).toMatchObject({ kind: 'external', brokers: ['kafka-1:9092', 'kafka-2:9092'] });
    await expect(broker.restart()).rejects.toThrow(BrokerFaultNotPossibleError);
    await expect(broker.stop()).resolves.toBeUndefined();
  });

  it('says what to install where no broker can be had', async () => {
    const starter = spawn(
      process.execPath,
      [
        ...['--import', 'tsx', '--eval'],
        `require(${JSON.stringify(path.join(__dirname, 'kafka-broker.ts'))}).startBroker({ own: true })
           .catch((error) => console.log(error.code + ' ' + error.message))`,
      ],
      {
        cwd: path.join(__dirname, '../..'),
        env: { PATH: '/nowhere', KAFKA_IMAGE: 'millrace/no-such-image:0' },
        stdio: ['ignore', 'pipe', 'inherit'],
      },
    );
    const lines: string[] = [];
    for await (const line of createInterface({ input: starter.stdout })) lines.push(line);

    expect(lines[0]).toBe('NO_BROKER No Kafka broker can be had on this machine:');
    expect(lines.join('\n')).toContain('Java is not installed');
    expect(lines.join('\n')).toContain('install Java 17 or later and Maven 3');
  });
});

/** Only polling can tell: the broker is nobody's child any more. */
async function silentWithin(address: string, timeoutMs: number): Promise<void> {
  const deadline = performance.now() + timeoutMs;
  while (await brokerAnswers([address], 300, () => false)) {
    if (performance.now() > deadline) throw new Error(`the broker at ${address} still answers after ${timeoutMs} ms`);
  }
}
