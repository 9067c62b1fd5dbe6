/** The Kafka release that tests, demo and bench run against. */
export const KAFKA_VERSION = '4.1.0';

/** What a broker is told that lives for one run on one machine, whichever way it is started. */
export const brokerSettings: Readonly<Record<string, string>> = {
  'process.roles': 'broker,controller',
  'node.id': '1',
  'controller.listener.names': 'CONTROLLER',
  'listener.security.protocol.map': 'CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT',
  'inter.broker.listener.name': 'PLAINTEXT',

  // One broker holds every replica.
  'default.replication.factor': '1',
  'offsets.topic.replication.factor': '1',
  'transaction.state.log.replication.factor': '1',
  'transaction.state.log.min.isr': '1',
  'share.coordinator.state.topic.replication.factor': '1',
  'share.coordinator.state.topic.min.isr': '1',

  // A topic that a test forgot to create must be an error, not a surprise.
  'auto.create.topics.enable': 'false',

  // Quick: a group does not wait for late joiners, internal topics are small, a dead broker's session ends soon (a killed
  // broker that comes back waits for that), a transaction that timed out is aborted within a second.
  'group.initial.rebalance.delay.ms': '0',
  'group.min.session.timeout.ms': '1000',
  'offsets.topic.num.partitions': '4',
  'transaction.state.log.num.partitions': '4',
  'broker.session.timeout.ms': '3000',
  'broker.heartbeat.interval.ms': '500',
  'transaction.abort.timed.out.transaction.cleanup.interval.ms': '500',

  // Small: the cleaner's buffer alone is 128 MB by default.
  'log.cleaner.dedupe.buffer.size': '33554432',
};

/** Enough for a benchmark of a million keys, and small beside it. */
export const brokerHeap = '-Xms256m -Xmx512m';
