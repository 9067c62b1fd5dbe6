import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { MillraceOptions } from '../../src/config/millrace-config';
import { binding } from '../../src/state/rocksdb-binding';
import { FORMAT_KEY } from '../../src/state/rocksdb-layout';
import { closeNative, openNative, writeNative } from '../../src/state/rocksdb-native';
import { CompiledServices } from '../support/compiled-services';
import { createTopics, readTopic, testKafka, type TopicToCreate } from '../support/kafka-clients';
import { uniqueName } from '../support/kafka-names';
import { running, ServiceFleet } from '../support/service-fleet';
import type { LogLine } from '../support/service-process';
import { sharedBrokers } from '../support/shared-broker';

describe('a service that must not start', () => {
  let brokers: string[];
  let services: CompiledServices;
  let fleet: ServiceFleet;

  beforeAll(async () => {
    brokers = await sharedBrokers();
    services = await CompiledServices.compile();
  });

  afterEach(() => fleet.dispose());

  afterAll(() => services.remove());

  /** Names of the topics that a topology with this application id uses. */
  function namesOf(applicationId: string): Record<'input' | 'other' | 'output' | 'changelog', string> {
    const named = (name: string): string => `${applicationId}-${name}`;
    return { input: named('in'), other: named('other'), output: named('out'), changelog: named('counts-changelog') };
  }

  /** Its last line: it must have exited with 1, and said the reason there. */
  async function refusal(
    topology: string,
    topics: (names: ReturnType<typeof namesOf>) => TopicToCreate[],
    options: Partial<MillraceOptions> = {},
  ): Promise<{ line: LogLine; names: ReturnType<typeof namesOf> }> {
    const applicationId = uniqueName('refused');
    const names = namesOf(applicationId);
    const existing = topics(names);
    if (existing.length > 0) await createTopics(brokers, ...existing);
    fleet = new ServiceFleet({ services, brokers, applicationId, topology, parameters: names, options });
    const service = fleet.start('only');
    expect(await service.end()).toEqual({ code: 1, signal: null });
    const line = service.log.at(-1)!;
    expect(line).toMatchObject({ level: 'fatal', event: 'fatal_error' });
    return { line, names };
  }

  const codeOf = ({ err }: LogLine): unknown => (err as { code?: unknown }).code;

  it('a source topic is missing: names it', async () => {
    const { line, names } = await refusal('per-key-count', ({ output }) => [{ topic: output, partitions: 2 }]);
    expect(codeOf(line)).toBe('TOPICS_MISSING');
    expect(line.msg).toContain(`source topic '${names.input}'`);
  }, 60_000);

  it('a sink topic is missing: names it', async () => {
    const { line, names } = await refusal('per-key-count', ({ input }) => [{ topic: input, partitions: 2 }]);
    expect(codeOf(line)).toBe('TOPICS_MISSING');
    expect(line.msg).toContain(`sink topic '${names.output}'`);
  }, 60_000);

  it('the dead-letter topic is missing: names it', async () => {
    const { line } = await refusal(
      'per-key-count',
      ({ input, output }) => [
        { topic: input, partitions: 2 },
        { topic: output, partitions: 2 },
      ],
      { processingExceptionHandler: 'dead-letter', deadLetterTopic: 'no-such-topic' },
    );
    expect(codeOf(line)).toBe('TOPICS_MISSING');
    expect(line.msg).toContain("dead-letter topic 'no-such-topic'");
  }, 60_000);

  it('topics that are processed together have other partition counts: names both with their counts', async () => {
    const { line, names } = await refusal('two-inputs', ({ input, other, output }) => [
      { topic: input, partitions: 2 },
      { topic: other, partitions: 3 },
      { topic: output, partitions: 1 },
    ]);
    expect(codeOf(line)).toBe('TOPICS_NOT_COPARTITIONED');
    expect(line.msg).toContain(`'${names.input}' has 2`);
    expect(line.msg).toContain(`'${names.other}' has 3`);
  }, 60_000);

  it.each([
    { what: 'another partition count', changelog: { partitions: 3, config: { 'cleanup.policy': 'compact' } } },
    { what: 'another cleanup policy', changelog: { partitions: 2, config: { 'cleanup.policy': 'delete' } } },
  ])(
    'an internal topic exists with $what: says expected and found',
    async ({ changelog }) => {
      const { line, names } = await refusal('per-key-count', ({ input, output, changelog: topic }) => [
        { topic: input, partitions: 2 },
        { topic: output, partitions: 2 },
        { topic, ...changelog },
      ]);
      expect(codeOf(line)).toBe('INTERNAL_TOPIC_MISMATCH');
      expect(line.msg).toContain(`'${names.changelog}'`);
      expect(line.msg).toMatch(changelog.partitions === 3 ? /3, expected 2/ : /delete, expected compact/);
    },
    60_000,
  );

  it('its state is of a newer format: names the versions, leaves the state alone, consumes nothing', async () => {
    const applicationId = uniqueName('refused');
    const names = namesOf(applicationId);
    await createTopics(brokers, { topic: names.input, partitions: 1 }, { topic: names.output, partitions: 1 });
    fleet = new ServiceFleet({ services, brokers, applicationId, topology: 'per-key-count', parameters: names });
    await fleet.start('only').until(running, { what: 'the running state' });
    await fleet.terminateAll();
    await writeFormat(path.join(fleet.stateDirectory('only'), applicationId, 'tasks/0_0/db'), { version: 99 });

    const service = fleet.start('only');
    expect(await service.end()).toEqual({ code: 1, signal: null });
    const line = service.log.at(-1)!;
    expect(codeOf(line)).toBe('STATE_FORMAT_UNSUPPORTED');
    expect(line.msg).toContain('version 99');
    const again = fleet.start('only');
    expect(await again.end()).toEqual({ code: 1, signal: null });
    expect(codeOf(again.log.at(-1)!)).toBe('STATE_FORMAT_UNSUPPORTED');
    expect(await readTopic(brokers, names.output)).toEqual([]);
  }, 60_000);

  it('its topology would misread the state that an earlier one left: says what changed, and goes on with what fits', async () => {
    const applicationId = uniqueName('refused');
    const names = namesOf(applicationId);
    await createTopics(brokers, { topic: names.input, partitions: 1 }, { topic: names.output, partitions: 1 });
    fleet = new ServiceFleet({ services, brokers, applicationId, topology: 'per-key-count', parameters: names });
    await fleet.start('only').until(running, { what: 'the running state' });
    await fleet.terminateAll();
    const file = path.join(fleet.stateDirectory('only'), applicationId, 'topology.json');
    const shape = readFileSync(file, 'utf8');
    expect(JSON.parse(shape)).toMatchObject({ stores: { counts: { kind: 'timestamped-key-value', subtopology: 0 } } });

    writeFileSync(file, shape.replace('"valueSerde": "int64"', '"valueSerde": "json"'));
    const service = fleet.start('only');
    expect(await service.end()).toEqual({ code: 1, signal: null });
    const line = service.log.at(-1)!;
    expect(codeOf(line)).toBe('TOPOLOGY_CHANGED');
    expect(line.msg).toContain("store 'counts': value serde was json, and is int64");

    writeFileSync(file, shape);
    await fleet.start('only').until(running, { what: 'the running state' });
  }, 60_000);

  it('does not join the group when its topics are wrong', async () => {
    await refusal('per-key-count', ({ output }) => [{ topic: output, partitions: 2 }]);
    const admin = testKafka(brokers).admin();
    await admin.connect();
    const { groups } = await admin.listGroups();
    await admin.disconnect();
    expect(groups.map(({ groupId }) => groupId)).not.toContain(fleet.applicationId);
  }, 60_000);
});

async function writeFormat(directory: string, format: object): Promise<void> {
  const native = await openNative(directory, {
    createIfMissing: false,
    errorIfExists: false,
    readOnly: false,
    cacheSize: 1 << 16,
    writeBufferSize: 1 << 20,
    maxOpenFiles: 16,
  });
  const batch = binding.batch_init(native);
  binding.batch_put(batch, FORMAT_KEY, Buffer.from(JSON.stringify(format)));
  await writeNative(directory, batch);
  await closeNative(directory, native);
}
