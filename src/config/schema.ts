import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { z } from 'zod';
import { LOG_FORMATS, LOG_LEVELS } from '../logging/logger';
import { ENCRYPTION_KEYS, parseEncryptionKeys } from './encryption-keys';
import { choice, choiceMeta, decimal, integer, integerMeta, option } from './option';
import { parseStoreAddress, STORE_ADDRESS } from './store-address';

const KIB = 1024;
const MIB = 1024 * KIB;

/** Letters, digits, '.', '_' and '-': what Kafka allows in the names of topics and, so, in what they are made of. */
const kafkaName = z
  .string()
  .regex(/^[a-zA-Z0-9._-]{1,249}$/)
  .refine((name) => name !== '.' && name !== '..');
const KAFKA_NAME = "1 to 249 of the characters a-z A-Z 0-9 . _ - (and not '.' or '..')";

const broker = z.string().regex(/^(\[[0-9a-fA-F:.]+\]|[^\s:/@,]+):([1-9]\d{0,4})$/);
const brokerList = z
  .string()
  .transform((list) => list.split(',').map((entry) => entry.trim()))
  .pipe(z.array(broker).min(1));

const CHECKPOINT_TRIGGERS = ['interval', 'records', 'continuous', 'adaptive', 'on-demand'] as const;
const BAD_RECORD_HANDLERS = ['fail', 'continue', 'dead-letter'] as const;
const HANDLER_CHOICES =
  '`fail` stops the application, `continue` skips it and counts it, `dead-letter` sends it to `deadLetterTopic`.';

const pem = (description: string, secret = false) =>
  option(z.string().min(1).optional(), { description, expected: 'the path of a PEM file, or its text', secret });

/** What is inside `ssl`, when that is more than a boolean. */
const sslOptions = z.strictObject({
  ca: pem(
    'Certificates of the authorities to trust, as PEM: a file path or the text itself. Default: those that Node trusts.',
  ),
  cert: pem('Certificate of this client, for brokers that ask for one. Needs `ssl.key`.'),
  key: pem('Private key of this client. Needs `ssl.cert`.', true),
  passphrase: option(z.string().min(1).optional(), {
    description: 'Passphrase of `ssl.key`.',
    expected: 'a string',
    kafkaName: 'ssl.key.password',
    secret: true,
  }),
});

/** An address of a server and nothing else: what comes before a host name in a URL is a password, and shown in logs. */
const isEndpoint = (text: string): boolean => {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  return url !== undefined && /^https?:$/.test(url.protocol) && url.username === '' && url.password === '';
};

const SASL_MECHANISMS = ['plain', 'scram-sha-256', 'scram-sha-512'] as const;

const saslOptions = z.strictObject({
  mechanism: option(z.enum(SASL_MECHANISMS), {
    description: 'How to log in. `plain` sends the password as it is, so use it only with `ssl`.',
    kafkaName: 'sasl.mechanism',
    ...choiceMeta(SASL_MECHANISMS),
  }),
  username: option(z.string().min(1), { description: 'User name.', expected: 'a string that is not empty' }),
  password: option(z.string().min(1), {
    description:
      'Password. Better in the environment or the configuration file than in a flag, which other users of the machine can see.',
    expected: 'a string that is not empty',
    secret: true,
  }),
});

/**
 * Every option of Millrace, once. Types, defaults, checks, flags, environment variables and the documentation come from here
 * (`npm run docs:config` after a change).
 */
export const configSchema = z.strictObject({
  applicationId: option(kafkaName, {
    description:
      'Names the application: its consumer group, its transactional ids and the prefix of its internal topics. Instances with the same id share the work.',
    expected: KAFKA_NAME,
    kafkaName: 'application.id',
  }),
  brokers: option(z.union([brokerList, z.array(broker).min(1)]), {
    description: 'Brokers to ask for the cluster first. As text: separated by commas.',
    expected: 'host:port, or several of them',
    type: 'string | string[]',
    kafkaName: 'bootstrap.servers',
  }),
  clientId: option(z.string().min(1).optional(), {
    description: "Names this client in the broker's logs and quotas.",
    expected: 'a string that is not empty',
    kafkaName: 'client.id',
    defaultText: 'the application id',
  }),
  groupInstanceId: option(kafkaName.optional(), {
    description:
      'Static membership: an instance that comes back under the same id within the session time-out gets its tasks back without a rebalance. Must differ between instances.',
    expected: KAFKA_NAME,
    kafkaName: 'group.instance.id',
  }),
  stateDir: option(
    z
      .string()
      .min(1)
      .default(() => join(tmpdir(), 'millrace')),
    {
      description:
        'Where local state is kept. The default is lost with the temporary directory, and the state is then restored from the changelog: give a persistent directory in production.',
      expected: 'the path of a directory',
      kafkaName: 'state.dir',
      defaultText: '`millrace` in the temporary directory of the system',
    },
  ),

  processingGuarantee: choice(['exactly_once_v2', 'at_least_once'], 'exactly_once_v2', {
    description: 'Whether outputs, state and input offsets are committed in one Kafka transaction.',
    kafkaName: 'processing.guarantee',
  }),
  commitIntervalMs: integer(1, 100, {
    description:
      'Time between commits. Readers see results after it, and a commit costs the same for many records as for few.',
    kafkaName: 'commit.interval.ms',
  }),
  transactionTimeoutMs: integer(1, 10_000, {
    description:
      "After this long the broker aborts a transaction that is still open. Bounds how long a dead instance holds up readers; the broker's `transaction.max.timeout.ms` is the highest it may be.",
    kafkaName: 'transaction.timeout.ms',
  }),
  numStreamThreads: integer(1, 1, { description: 'Stream threads of this instance.', kafkaName: 'num.stream.threads' }),
  replicationFactor: option(
    z
      .int()
      .min(-1)
      .refine((factor) => factor !== 0)
      .default(-1),
    {
      description: "Replicas of the internal topics; -1 is the broker's default.",
      ...integerMeta(-1),
      expected: '-1, or an integer of at least 1',
      kafkaName: 'replication.factor',
    },
  ),

  autoOffsetReset: choice(['earliest', 'latest', 'none'], 'earliest', {
    description:
      'Where to begin in a partition without a committed offset, or whose committed offset is gone. `none` fails.',
    kafkaName: 'auto.offset.reset',
  }),
  maxTaskIdleMs: integer(-1, 0, {
    description:
      'How long a task with several input partitions waits for one that it has read to its end, before it processes what the others have. It always waits for records that are known to be in Kafka, so that records of several topics are processed in the order of their timestamps; -1 does not wait for those either.',
    kafkaName: 'max.task.idle.ms',
  }),
  inputBufferMaxBytes: integer(1, 16 * MIB, {
    description:
      'Bytes of fetched records that may wait for their tasks, in the whole instance. A full queue pauses its partition.',
    kafkaName: 'input.buffer.max.bytes',
  }),
  fetchMaxBytes: option(z.int().min(1).optional(), {
    description: 'Bytes that a broker may answer to one fetch.',
    ...integerMeta(1),
    kafkaName: 'fetch.max.bytes',
    defaultText: 'a sixteenth of `inputBufferMaxBytes`',
  }),
  fetchMaxWaitMs: integer(1, 500, {
    description: 'Time that a broker may hold back the answer to a fetch when there is nothing new.',
    kafkaName: 'fetch.max.wait.ms',
  }),

  epochMaxBytes: integer(1, 16 * MIB, {
    description:
      'Bytes of outputs and changelog records after which an epoch is committed before its interval is over. Shared by the stream threads of an instance.',
  }),
  maxBatchBytes: integer(KIB, 1_000_000, {
    description: 'Largest record batch to send. A topic whose `max.message.bytes` is less gets smaller ones.',
    kafkaName: 'max.request.size',
  }),
  compressionType: choice(['none', 'gzip', 'snappy', 'lz4', 'zstd'], 'none', {
    description: 'Compression of everything that is written.',
    kafkaName: 'compression.type',
  }),

  cacheMaxBytes: integer(1, 64 * MIB, {
    description: 'Memory for cached state, in the whole instance.',
    kafkaName: 'statestore.cache.max.bytes',
  }),
  rocksdbBlockCacheBytes: integer(1, 32 * MIB, { description: "RocksDB's block cache, in the whole instance." }),
  rocksdbWriteBufferBytes: integer(64 * KIB, 4 * MIB, { description: "RocksDB's write buffer, for each task." }),
  stateCleanupDelayMs: integer(0, 600_000, {
    description:
      'How long the local state of a task that moved to another instance is kept, in case the task comes back.',
    kafkaName: 'state.cleanup.delay.ms',
  }),

  sessionTimeoutMs: integer(1, 10_000, {
    description:
      "Without a heartbeat for this long, an instance counts as dead and its tasks move. Shorter than Kafka Streams' 45 s, because a restart elsewhere is cheap; raise it where networks or a blocked event loop pause for longer. The broker allows 6 s to 30 min.",
    kafkaName: 'session.timeout.ms',
  }),
  heartbeatIntervalMs: integer(1, 3_000, {
    description: 'Time between heartbeats. A third of the session time-out or less lets it survive a lost one.',
    kafkaName: 'heartbeat.interval.ms',
  }),
  rebalanceTimeoutMs: integer(1, 300_000, {
    description: 'How long a rebalance waits for an instance to commit and join again.',
    kafkaName: 'max.poll.interval.ms',
  }),
  requestTimeoutMs: integer(1, 30_000, {
    description: 'How long to wait for the answer of a broker.',
    kafkaName: 'request.timeout.ms',
  }),

  deserializationExceptionHandler: choice(BAD_RECORD_HANDLERS, 'fail', {
    description: `What to do with a record that cannot be read. ${HANDLER_CHOICES}`,
    kafkaName: 'deserialization.exception.handler',
  }),
  processingExceptionHandler: choice(BAD_RECORD_HANDLERS, 'fail', {
    description: `What to do with a record whose processing throws. ${HANDLER_CHOICES}`,
    kafkaName: 'processing.exception.handler',
  }),
  productionExceptionHandler: choice(BAD_RECORD_HANDLERS, 'fail', {
    description: `What to do with a result that cannot be written, for example because it is too large. ${HANDLER_CHOICES}`,
    kafkaName: 'production.exception.handler',
  }),
  deadLetterTopic: option(kafkaName.optional(), {
    description: 'Topic for records that a handler with `dead-letter` gave up. It must exist.',
    expected: KAFKA_NAME,
    kafkaName: 'errors.dead.letter.queue.topic.name',
  }),

  restartStrategy: choice(['none', 'fixed-delay', 'exponential-delay', 'failure-rate'], 'none', {
    description:
      "What happens when a stream thread dies of an error. `none` stops the application, for whoever runs it to start it again. The others put another thread in its place, which goes on from the last commit: `fixed-delay` up to `restartAttempts` times, `exponential-delay` for ever and ever more slowly, `failure-rate` unless there were more than `restartMaxFailures` within `restartFailureIntervalMs`. These are Flink's. Each instance counts for itself.",
  }),
  restartAttempts: integer(1, 3, { description: '`fixed-delay`: restarts in the life of an instance.' }),
  restartDelayMs: integer(0, 1_000, { description: '`fixed-delay` and `failure-rate`: time before a restart.' }),
  restartInitialDelayMs: integer(1, 1_000, { description: '`exponential-delay`: time before the first restart.' }),
  restartMaxDelayMs: integer(1, 60_000, { description: '`exponential-delay`: longest time before a restart.' }),
  restartDelayMultiplier: decimal(1, 100, 1.5, {
    description: '`exponential-delay`: how much longer each delay is than the one before.',
  }),
  restartResetAfterMs: integer(0, 3_600_000, {
    description:
      '`exponential-delay`: after this long without a failure the next delay is `restartInitialDelayMs` again.',
  }),
  restartJitter: decimal(0, 1, 0.1, {
    description:
      '`exponential-delay`: by up to this part of itself each delay is made shorter or longer, so that instances do not come back all at once.',
  }),
  restartMaxFailures: integer(1, 3, {
    description: '`failure-rate`: failures within `restartFailureIntervalMs` that are restarted after.',
  }),
  restartFailureIntervalMs: integer(1, 60_000, {
    description: '`failure-rate`: time within which failures are counted.',
  }),

  ensureExplicitNames: option(z.boolean().default(false), {
    description:
      'Refuses to start with stores or internal topics whose names were generated, and lists them. Generated names count operators, so a change of the topology can change them, and the state would not be found again.',
    expected: 'true or false',
    type: 'boolean',
    textForm: 'boolean',
    kafkaName: 'ensure.explicit.internal.resource.naming',
  }),

  shutdownTimeoutMs: integer(0, 25_000, {
    description:
      "How long a shutdown may take to commit and leave the group. Keep it below your platform's grace period (Kubernetes: 30 s).",
  }),

  checkpointStore: option(
    z
      .string()
      .refine((text) => parseStoreAddress(text) !== undefined)
      .optional(),
    {
      description:
        'Where checkpoints and savepoints are kept: a directory that all instances share, outside of `stateDir`, or a bucket of S3. Without it there are none.',
      expected: STORE_ADDRESS,
    },
  ),
  checkpointTrigger: choice(CHECKPOINT_TRIGGERS, 'interval', {
    description:
      'When checkpoints begin: every `checkpointIntervalMs`; `records`, every `checkpointRecords`; `continuous`, the next when one ends; `adaptive`, as often as pays, from what they cost and how often the application fails; or `on-demand` only.',
  }),
  checkpointIntervalMs: integer(100, 180_000, {
    description: 'From the beginning of one checkpoint to the beginning of the next.',
  }),
  checkpointRecords: integer(1, 1_000_000, {
    description:
      'With `records`: how many records of input topics the whole application processes from the beginning of one checkpoint to the beginning of the next. Threads tell once a second, so it is exceeded by what is processed in about that time.',
  }),
  checkpointMinIntervalMs: integer(100, 10_000, {
    description: 'The shortest interval that `adaptive` chooses.',
  }),
  checkpointMaxIntervalMs: integer(100, 3_600_000, {
    description: 'The longest interval that `adaptive` chooses.',
  }),
  checkpointMinPauseMs: integer(0, 0, {
    description: 'The shortest time from the end of one checkpoint to the beginning of the next that nobody asked for.',
  }),
  checkpointTimeoutMs: integer(100, 600_000, {
    description: 'A checkpoint that is not complete after so long is aborted.',
  }),
  checkpointToleratedFailures: option(z.int().min(0).optional(), {
    description:
      'How many checkpoints may fail one after the other before the application fails. Those that end because instances come or go do not count. Without it, any number: failures are logged and counted.',
    ...integerMeta(0),
  }),
  checkpointRetention: integer(1, 3, {
    description: 'How many complete checkpoints are kept. Savepoints are kept until they are deleted.',
  }),
  checkpointS3Endpoint: option(z.string().refine(isEndpoint).optional(), {
    description: "URL of a server that speaks S3's protocol, where it is not AWS's.",
    expected: 'a URL of http or https without user name and password',
  }),
  checkpointS3Region: option(
    z
      .string()
      .regex(/^[a-z0-9-]+$/)
      .optional(),
    {
      description: 'Region of the bucket.',
      expected: 'the name of a region, such as eu-central-1',
      defaultText: '`AWS_REGION`, else that of the AWS configuration file; with `checkpointS3Endpoint` else us-east-1',
    },
  ),
  checkpointS3ForcePathStyle: option(z.boolean().default(false), {
    description:
      'Puts the bucket in the path instead of the host name, as servers need that have no name for each bucket.',
    expected: 'true or false',
    type: 'boolean',
    textForm: 'boolean',
  }),
  checkpointEncryptionKeyFile: option(z.string().min(1).optional(), {
    description:
      'File with the keys that checkpoints are encrypted with (AES-256-GCM): a line `id:key` for each, key in hex or base64, the first to write with, all to read with.',
    expected: 'the path of a file',
  }),
  checkpointEncryptionKey: option(
    z
      .string()
      .refine((text) => parseEncryptionKeys(text) !== undefined)
      .optional(),
    {
      description:
        'The same keys as text, separated by commas. Better in the environment or in a file than in a flag, which other users of the machine can see.',
      expected: ENCRYPTION_KEYS,
      secret: true,
    },
  ),

  ssl: option(z.union([z.boolean(), sslOptions]).default(false), {
    description: 'Encrypts connections to the brokers. Any of the `ssl.` options below turns it on too.',
    expected: 'true, false, or an object with ca, cert, key, passphrase',
    type: 'boolean | { ca, cert, key, passphrase }',
    textForm: 'boolean',
    kafkaName: 'security.protocol',
  }),
  sasl: saslOptions.optional(),

  httpHost: option(z.string().min(1).default('127.0.0.1'), {
    description: 'Address that `/health` and `/metrics` are served on; `0.0.0.0` for all, as a container needs.',
    expected: 'an address or a host name',
  }),
  httpPort: option(z.int().min(0).max(65_535).optional(), {
    description: 'Port of `/health` and `/metrics`; 0 takes any free one. Without it there is no server.',
    ...integerMeta(0, 65_535),
  }),
  logLevel: choice(LOG_LEVELS, 'info', { description: 'The least severe level that is logged.' }),
  logFormat: choice(LOG_FORMATS, 'auto', {
    description: 'How log lines look. `auto`: readable on a terminal, JSON elsewhere.',
  }),
});
