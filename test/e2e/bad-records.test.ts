import { CompiledServices } from '../support/compiled-services';
import { fleetWithTopics, type FleetWithTopics } from '../support/fleet-topics';
import { createTopics, followTopic, produce, readTopic, type RecordToWrite } from '../support/kafka-clients';
import { metricsOf } from '../support/service-metrics';
import { sharedBrokers } from '../support/shared-broker';
import type { BadRecordHandler } from '../../src/config/millrace-config';

const TOO_LARGE = 1_500_000;
const GOOD: RecordToWrite = { key: 'good', value: '{}' };

interface Kind {
  readonly reason: 'deserialization' | 'processing' | 'production';
  readonly handler: 'deserializationExceptionHandler' | 'processingExceptionHandler' | 'productionExceptionHandler';
  readonly bad: RecordToWrite & { readonly value: string };
  readonly errorCode: string;
  /** What the error must tell, besides where the record is. */
  readonly tells: readonly string[];
}

const headers = { trace: Buffer.from([0, 255, 1]), empty: '' };
const KINDS: readonly Kind[] = [
  {
    reason: 'deserialization',
    handler: 'deserializationExceptionHandler',
    bad: { key: 'bad', value: '{ not JSON', headers },
    errorCode: 'DESERIALIZATION_FAILED',
    tells: ['deserializationExceptionHandler'],
  },
  {
    reason: 'processing',
    handler: 'processingExceptionHandler',
    bad: { key: 'bad', value: '{"throws":true}', headers },
    errorCode: 'PROCESSING_FAILED',
    tells: ['this order throws', "node 'render'", 'processingExceptionHandler'],
  },
  {
    reason: 'production',
    handler: 'productionExceptionHandler',
    bad: { key: 'bad', value: `{"size":${TOO_LARGE}}`, headers },
    errorCode: 'PRODUCTION_FAILED',
    tells: ['productionExceptionHandler', '1500'],
  },
];

describe('records that cannot be read, processed or written', () => {
  let brokers: string[];
  let services: CompiledServices;
  let application: FleetWithTopics;
  let deadLetters: string;

  beforeAll(async () => {
    brokers = await sharedBrokers();
    services = await CompiledServices.compile();
  });

  async function prepare({ handler, bad }: Kind, handling: BadRecordHandler): Promise<void> {
    application = await fleetWithTopics({ brokers, services, topology: 'parsing', partitions: 1 });
    deadLetters = `${application.fleet.applicationId}-dead`;
    await createTopics(brokers, { topic: deadLetters, partitions: 1 });
    options = { [handler]: handling, deadLetterTopic: deadLetters, httpPort: 0 };
    await produce(brokers, application.input, [GOOD, bad, GOOD]);
  }

  let options: Record<string, string | number>;

  async function untilResults(topic: string, count: number): Promise<void> {
    const follower = await followTopic(brokers, topic);
    try {
      await follower.until(() => follower.records.length >= count, { what: `${count} results` });
    } finally {
      await follower.stop();
    }
  }

  afterEach(() => application.fleet.dispose());

  afterAll(() => services.remove());

  describe.each(KINDS)('$reason', (kind) => {
    it('fail: exits with 1, the reason and the place in the last log line, and nothing of the record committed', async () => {
      await prepare(kind, 'fail');
      const service = application.fleet.start('only', { options });
      expect(await service.end()).toEqual({ code: 1, signal: null });
      const last = service.log.at(-1)!;
      expect(last).toMatchObject({ level: 'fatal', event: 'fatal_error', err: { code: kind.errorCode } });
      for (const part of [`topic '${application.input}'`, 'partition 0', 'offset 1', ...kind.tells]) {
        expect(last.msg).toContain(part);
      }
      const results = await readTopic(brokers, application.output);
      expect(results.length).toBeLessThanOrEqual(1);
    }, 60_000);

    it('continue: leaves it out, and counts it', async () => {
      await prepare(kind, 'continue');
      const service = application.fleet.start('only', { options });
      await untilResults(application.output, 2);
      const metrics = await metricsOf(service);
      const sample = `millrace_records_skipped_total{topic="${application.input}",reason="${kind.reason}"}`;
      expect(metrics.get(sample)).toBe(1);
      expect(await service.terminate()).toEqual({ code: 0, signal: null });
      expect(await readTopic(brokers, application.output)).toHaveLength(2);
      expect(await readTopic(brokers, deadLetters)).toEqual([]);
    }, 60_000);

    it('dead-letter: keeps bytes and headers, says why, and is committed once though the first try was killed', async () => {
      await prepare(kind, 'dead-letter');
      const victim = application.fleet.start('only', {
        options,
        selfSignal: { point: 'before-transaction-end', visit: 1, signal: 'SIGKILL' },
      });
      expect(await victim.end()).toMatchObject({ signal: 'SIGKILL' });
      const service = application.fleet.start('only', { options });
      await untilResults(application.output, 2);
      expect(
        (await metricsOf(service)).get(
          `millrace_records_dead_lettered_total{topic="${application.input}",reason="${kind.reason}"}`,
        ),
      ).toBe(1);
      expect(await service.terminate()).toEqual({ code: 0, signal: null });

      const tried = await readTopic(brokers, deadLetters, { isolation: 'read_uncommitted' });
      const committed = await readTopic(brokers, deadLetters);
      expect(tried).toHaveLength(2);
      expect(committed).toHaveLength(1);
      const [letter] = committed;
      expect(letter!.key!.toString()).toBe('bad');
      expect(letter!.value!.toString()).toBe(kind.bad.value);
      const headers = new Map(letter!.headers.map(({ key, value }) => [key, value]));
      expect(headers.get('trace')).toEqual(Buffer.from([0, 255, 1]));
      expect(headers.get('empty')).toEqual(Buffer.from(''));
      const error = (name: string): string => String(headers.get(`__streams.errors.${name}`));
      expect(error('topic')).toBe(application.input);
      expect(error('partition')).toBe('0');
      expect(error('offset')).toBe('1');
      expect(error('message')).not.toBe('');
      expect(error('exception')).not.toBe('');
    }, 60_000);
  });
});
