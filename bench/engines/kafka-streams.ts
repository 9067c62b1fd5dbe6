import type { BenchTopology, Engine } from './engine';
import { COMMIT_INTERVAL_MS, SESSION_TIMEOUT_MS } from './engine';

/** The real Kafka Streams: bench/peer, on the given Java class path. */
export function kafkaStreamsEngine(classPath: string): Engine {
  return {
    name: 'peer',
    title: 'Kafka Streams 4.1.0',
    settings: {
      'processing.guarantee': 'exactly_once_v2',
      'num.stream.threads': 1,
      'commit.interval.ms': COMMIT_INTERVAL_MS,
      'session.timeout.ms': SESSION_TIMEOUT_MS,
      'statestore.cache.max.bytes': '10 MB (default)',
      'state store': 'RocksDB (default)',
      'JVM flags': 'none (default)',
    },
    command: (run) => ({
      command: 'java',
      args: [
        ...['-cp', classPath, 'millrace.bench.KafkaStreamsPeer'],
        ...['--brokers', run.brokers.join(',')],
        ...['--application-id', run.applicationId],
        ...['--state-dir', run.stateDir],
        ...['--input', run.inputTopic],
        ...['--output', run.outputTopic],
        ...['--commit-interval-ms', String(COMMIT_INTERVAL_MS)],
        ...['--session-timeout-ms', String(SESSION_TIMEOUT_MS)],
        ...['--topology', run.topology.name],
        ...topologyOptions(run.topology),
        ...(run.marksFirstRecord ? ['--mark-first-record'] : []),
      ],
      folder: run.stateDir,
      env: {},
    }),
    readEvent(line) {
      const time = Number(line['time']);
      if (line['event'] === 'assigned' && Number(line['partitions']) > 0) return { kind: 'assigned', time };
      if (line['event'] === 'restore-end') return { kind: 'restored', time, records: Number(line['records']) };
      if (line['event'] === 'first-record') return { kind: 'first-record', time };
      return undefined;
    },
  };
}

function topologyOptions(topology: BenchTopology): string[] {
  return [
    ...('otherInputTopic' in topology ? ['--other-input', topology.otherInputTopic] : []),
    ...('windowMs' in topology
      ? ['--window-ms', String(topology.windowMs), '--grace-ms', String(topology.graceMs)]
      : []),
  ];
}
