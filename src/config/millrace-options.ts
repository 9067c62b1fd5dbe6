// Generated from schema.ts by `npm run docs:config`.

/** The object `ssl` of the options. */
export interface SslOptions {
  /**
   * Certificates of the authorities to trust, as PEM: a file path or the text itself. Default: those that Node trusts.
   */
  readonly ca?: string | undefined;
  /**
   * Certificate of this client, for brokers that ask for one. Needs `ssl.key`.
   */
  readonly cert?: string | undefined;
  /**
   * Private key of this client. Needs `ssl.cert`.
   */
  readonly key?: string | undefined;
  /**
   * Passphrase of `ssl.key`.
   * In Kafka: `ssl.key.password`.
   */
  readonly passphrase?: string | undefined;
}

/** The object `sasl` of the options. */
export interface SaslOptions {
  /**
   * How to log in. `plain` sends the password as it is, so use it only with `ssl`.
   * In Kafka: `sasl.mechanism`.
   */
  readonly mechanism: 'plain' | 'scram-sha-256' | 'scram-sha-512';
  /**
   * User name.
   */
  readonly username: string;
  /**
   * Password. Better in the environment or the configuration file than in a flag, which other users of the machine can see.
   */
  readonly password: string;
}

/** What a user gives: `applicationId` and `brokers`, and whatever else should differ from its default. */
export interface MillraceOptions {
  /**
   * Names the application: its consumer group, its transactional ids and the prefix of its internal topics. Instances with the same id share the work.
   * In Kafka: `application.id`.
   */
  readonly applicationId: string;
  /**
   * Brokers to ask for the cluster first. As text: separated by commas.
   * In Kafka: `bootstrap.servers`.
   */
  readonly brokers: string | readonly string[];
  /**
   * Names this client in the broker's logs and quotas.
   * In Kafka: `client.id`.
   * @default the application id
   */
  readonly clientId?: string | undefined;
  /**
   * Static membership: an instance that comes back under the same id within the session time-out gets its tasks back without a rebalance. Must differ between instances.
   * In Kafka: `group.instance.id`.
   */
  readonly groupInstanceId?: string | undefined;
  /**
   * Where local state is kept. The default is lost with the temporary directory, and the state is then restored from the changelog: give a persistent directory in production.
   * In Kafka: `state.dir`.
   * @default `millrace` in the temporary directory of the system
   */
  readonly stateDir?: string | undefined;
  /**
   * Whether outputs, state and input offsets are committed in one Kafka transaction.
   * In Kafka: `processing.guarantee`.
   * @default exactly_once_v2
   */
  readonly processingGuarantee?: 'exactly_once_v2' | 'at_least_once' | undefined;
  /**
   * Time between commits. Readers see results after it, and a commit costs the same for many records as for few.
   * In Kafka: `commit.interval.ms`.
   * @default 100
   */
  readonly commitIntervalMs?: number | undefined;
  /**
   * After this long the broker aborts a transaction that is still open. Bounds how long a dead instance holds up readers; the broker's `transaction.max.timeout.ms` is the highest it may be.
   * In Kafka: `transaction.timeout.ms`.
   * @default 10000
   */
  readonly transactionTimeoutMs?: number | undefined;
  /**
   * Stream threads of this instance.
   * In Kafka: `num.stream.threads`.
   * @default 1
   */
  readonly numStreamThreads?: number | undefined;
  /**
   * Replicas of the internal topics; -1 is the broker's default.
   * In Kafka: `replication.factor`.
   * @default -1
   */
  readonly replicationFactor?: number | undefined;
  /**
   * Where to begin in a partition without a committed offset, or whose committed offset is gone. `none` fails.
   * In Kafka: `auto.offset.reset`.
   * @default earliest
   */
  readonly autoOffsetReset?: 'earliest' | 'latest' | 'none' | undefined;
  /**
   * How long a task with several input partitions waits for one that it has read to its end, before it processes what the others have. It always waits for records that are known to be in Kafka, so that records of several topics are processed in the order of their timestamps; -1 does not wait for those either.
   * In Kafka: `max.task.idle.ms`.
   * @default 0
   */
  readonly maxTaskIdleMs?: number | undefined;
  /**
   * Bytes of fetched records that may wait for their tasks, in the whole instance. A full queue pauses its partition.
   * In Kafka: `input.buffer.max.bytes`.
   * @default 16777216
   */
  readonly inputBufferMaxBytes?: number | undefined;
  /**
   * Bytes that a broker may answer to one fetch.
   * In Kafka: `fetch.max.bytes`.
   * @default a sixteenth of `inputBufferMaxBytes`
   */
  readonly fetchMaxBytes?: number | undefined;
  /**
   * Time that a broker may hold back the answer to a fetch when there is nothing new.
   * In Kafka: `fetch.max.wait.ms`.
   * @default 500
   */
  readonly fetchMaxWaitMs?: number | undefined;
  /**
   * Bytes of outputs and changelog records after which an epoch is committed before its interval is over. Shared by the stream threads of an instance.
   * @default 16777216
   */
  readonly epochMaxBytes?: number | undefined;
  /**
   * Largest record batch to send. A topic whose `max.message.bytes` is less gets smaller ones.
   * In Kafka: `max.request.size`.
   * @default 1000000
   */
  readonly maxBatchBytes?: number | undefined;
  /**
   * Compression of everything that is written.
   * In Kafka: `compression.type`.
   * @default none
   */
  readonly compressionType?: 'none' | 'gzip' | 'snappy' | 'lz4' | 'zstd' | undefined;
  /**
   * Memory for cached state, in the whole instance.
   * In Kafka: `statestore.cache.max.bytes`.
   * @default 67108864
   */
  readonly cacheMaxBytes?: number | undefined;
  /**
   * RocksDB's block cache, in the whole instance.
   * @default 33554432
   */
  readonly rocksdbBlockCacheBytes?: number | undefined;
  /**
   * RocksDB's write buffer, for each task.
   * @default 4194304
   */
  readonly rocksdbWriteBufferBytes?: number | undefined;
  /**
   * How long the local state of a task that moved to another instance is kept, in case the task comes back.
   * In Kafka: `state.cleanup.delay.ms`.
   * @default 600000
   */
  readonly stateCleanupDelayMs?: number | undefined;
  /**
   * Without a heartbeat for this long, an instance counts as dead and its tasks move. Shorter than Kafka Streams' 45 s, because a restart elsewhere is cheap; raise it where networks or a blocked event loop pause for longer. The broker allows 6 s to 30 min.
   * In Kafka: `session.timeout.ms`.
   * @default 10000
   */
  readonly sessionTimeoutMs?: number | undefined;
  /**
   * Time between heartbeats. A third of the session time-out or less lets it survive a lost one.
   * In Kafka: `heartbeat.interval.ms`.
   * @default 3000
   */
  readonly heartbeatIntervalMs?: number | undefined;
  /**
   * How long a rebalance waits for an instance to commit and join again.
   * In Kafka: `max.poll.interval.ms`.
   * @default 300000
   */
  readonly rebalanceTimeoutMs?: number | undefined;
  /**
   * How long to wait for the answer of a broker.
   * In Kafka: `request.timeout.ms`.
   * @default 30000
   */
  readonly requestTimeoutMs?: number | undefined;
  /**
   * What to do with a record that cannot be read. `fail` stops the application, `continue` skips it and counts it, `dead-letter` sends it to `deadLetterTopic`.
   * In Kafka: `deserialization.exception.handler`.
   * @default fail
   */
  readonly deserializationExceptionHandler?: 'fail' | 'continue' | 'dead-letter' | undefined;
  /**
   * What to do with a record whose processing throws. `fail` stops the application, `continue` skips it and counts it, `dead-letter` sends it to `deadLetterTopic`.
   * In Kafka: `processing.exception.handler`.
   * @default fail
   */
  readonly processingExceptionHandler?: 'fail' | 'continue' | 'dead-letter' | undefined;
  /**
   * What to do with a result that cannot be written, for example because it is too large. `fail` stops the application, `continue` skips it and counts it, `dead-letter` sends it to `deadLetterTopic`.
   * In Kafka: `production.exception.handler`.
   * @default fail
   */
  readonly productionExceptionHandler?: 'fail' | 'continue' | 'dead-letter' | undefined;
  /**
   * Topic for records that a handler with `dead-letter` gave up. It must exist.
   * In Kafka: `errors.dead.letter.queue.topic.name`.
   */
  readonly deadLetterTopic?: string | undefined;
  /**
   * What happens when a stream thread dies of an error. `none` stops the application, for whoever runs it to start it again. The others put another thread in its place, which goes on from the last commit: `fixed-delay` up to `restartAttempts` times, `exponential-delay` for ever and ever more slowly, `failure-rate` unless there were more than `restartMaxFailures` within `restartFailureIntervalMs`. These are Flink's. Each instance counts for itself.
   * @default none
   */
  readonly restartStrategy?: 'none' | 'fixed-delay' | 'exponential-delay' | 'failure-rate' | undefined;
  /**
   * `fixed-delay`: restarts in the life of an instance.
   * @default 3
   */
  readonly restartAttempts?: number | undefined;
  /**
   * `fixed-delay` and `failure-rate`: time before a restart.
   * @default 1000
   */
  readonly restartDelayMs?: number | undefined;
  /**
   * `exponential-delay`: time before the first restart.
   * @default 1000
   */
  readonly restartInitialDelayMs?: number | undefined;
  /**
   * `exponential-delay`: longest time before a restart.
   * @default 60000
   */
  readonly restartMaxDelayMs?: number | undefined;
  /**
   * `exponential-delay`: how much longer each delay is than the one before.
   * @default 1.5
   */
  readonly restartDelayMultiplier?: number | undefined;
  /**
   * `exponential-delay`: after this long without a failure the next delay is `restartInitialDelayMs` again.
   * @default 3600000
   */
  readonly restartResetAfterMs?: number | undefined;
  /**
   * `exponential-delay`: by up to this part of itself each delay is made shorter or longer, so that instances do not come back all at once.
   * @default 0.1
   */
  readonly restartJitter?: number | undefined;
  /**
   * `failure-rate`: failures within `restartFailureIntervalMs` that are restarted after.
   * @default 3
   */
  readonly restartMaxFailures?: number | undefined;
  /**
   * `failure-rate`: time within which failures are counted.
   * @default 60000
   */
  readonly restartFailureIntervalMs?: number | undefined;
  /**
   * Refuses to start with stores or internal topics whose names were generated, and lists them. Generated names count operators, so a change of the topology can change them, and the state would not be found again.
   * In Kafka: `ensure.explicit.internal.resource.naming`.
   * @default false
   */
  readonly ensureExplicitNames?: boolean | undefined;
  /**
   * How long a shutdown may take to commit and leave the group. Keep it below your platform's grace period (Kubernetes: 30 s).
   * @default 25000
   */
  readonly shutdownTimeoutMs?: number | undefined;
  /**
   * Where checkpoints and savepoints are kept: a directory that all instances share, outside of `stateDir`, or a bucket of S3. Without it there are none.
   */
  readonly checkpointStore?: string | undefined;
  /**
   * When checkpoints begin: every `checkpointIntervalMs`; `records`, every `checkpointRecords`; `continuous`, the next when one ends; `adaptive`, as often as pays, from what they cost and how often the application fails; or `on-demand` only.
   * @default interval
   */
  readonly checkpointTrigger?: 'interval' | 'records' | 'continuous' | 'adaptive' | 'on-demand' | undefined;
  /**
   * From the beginning of one checkpoint to the beginning of the next.
   * @default 180000
   */
  readonly checkpointIntervalMs?: number | undefined;
  /**
   * With `records`: how many records of input topics the whole application processes from the beginning of one checkpoint to the beginning of the next. Threads tell once a second, so it is exceeded by what is processed in about that time.
   * @default 1000000
   */
  readonly checkpointRecords?: number | undefined;
  /**
   * The shortest interval that `adaptive` chooses.
   * @default 10000
   */
  readonly checkpointMinIntervalMs?: number | undefined;
  /**
   * The longest interval that `adaptive` chooses.
   * @default 3600000
   */
  readonly checkpointMaxIntervalMs?: number | undefined;
  /**
   * The shortest time from the end of one checkpoint to the beginning of the next that nobody asked for.
   * @default 0
   */
  readonly checkpointMinPauseMs?: number | undefined;
  /**
   * A checkpoint that is not complete after so long is aborted.
   * @default 600000
   */
  readonly checkpointTimeoutMs?: number | undefined;
  /**
   * How many checkpoints may fail one after the other before the application fails. Those that end because instances come or go do not count. Without it, any number: failures are logged and counted.
   */
  readonly checkpointToleratedFailures?: number | undefined;
  /**
   * How many complete checkpoints are kept. Savepoints are kept until they are deleted.
   * @default 3
   */
  readonly checkpointRetention?: number | undefined;
  /**
   * URL of a server that speaks S3's protocol, where it is not AWS's.
   */
  readonly checkpointS3Endpoint?: string | undefined;
  /**
   * Region of the bucket.
   * @default `AWS_REGION`, else that of the AWS configuration file; with `checkpointS3Endpoint` else us-east-1
   */
  readonly checkpointS3Region?: string | undefined;
  /**
   * Puts the bucket in the path instead of the host name, as servers need that have no name for each bucket.
   * @default false
   */
  readonly checkpointS3ForcePathStyle?: boolean | undefined;
  /**
   * File with the keys that checkpoints are encrypted with (AES-256-GCM): a line `id:key` for each, key in hex or base64, the first to write with, all to read with.
   */
  readonly checkpointEncryptionKeyFile?: string | undefined;
  /**
   * The same keys as text, separated by commas. Better in the environment or in a file than in a flag, which other users of the machine can see.
   */
  readonly checkpointEncryptionKey?: string | undefined;
  /**
   * Encrypts connections to the brokers. Any of the `ssl.` options below turns it on too.
   * In Kafka: `security.protocol`.
   * @default false
   */
  readonly ssl?: boolean | SslOptions | undefined;
  /**
   * Address that `/health` and `/metrics` are served on; `0.0.0.0` for all, as a container needs.
   * @default 127.0.0.1
   */
  readonly httpHost?: string | undefined;
  /**
   * Port of `/health` and `/metrics`; 0 takes any free one. Without it there is no server.
   */
  readonly httpPort?: number | undefined;
  /**
   * The least severe level that is logged.
   * @default info
   */
  readonly logLevel?: 'silent' | 'fatal' | 'error' | 'warn' | 'info' | 'debug' | 'trace' | undefined;
  /**
   * How log lines look. `auto`: readable on a terminal, JSON elsewhere.
   * @default auto
   */
  readonly logFormat?: 'auto' | 'json' | 'pretty' | undefined;
  /** How to log in at the brokers. Default: not at all. */
  readonly sasl?: SaslOptions | undefined;
}
