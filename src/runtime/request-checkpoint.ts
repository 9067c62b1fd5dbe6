import { ControlLog } from '../checkpoint/control-log';
import type { ControlMessage } from '../checkpoint/control-messages';
import { requestCheckpoint, type RequestedCheckpoint } from '../checkpoint/checkpoint-requests';
import type { MillraceConfig } from '../config/millrace-config';
import { MillraceError } from '../errors/millrace-error';
import { ClusterClient, GroupAdmin, TopicAdmin } from '../kafka';
import type { Logger } from '../logging/logger';
import { clientOptions } from './client-options';
import { systemClock } from './system-clock';
import { controlTopicName } from './topic-plan';

/** The application has never taken checkpoints. */
export class NoControlTopicError extends MillraceError {
  readonly code = 'NO_CONTROL_TOPIC';

  constructor(applicationId: string, topic: string) {
    super(
      `There is no topic '${topic}': no instance of '${applicationId}' has run with a checkpointStore. Set it, and start the application.`,
      { location: { topic } },
    );
  }
}

/** No instance of the application is there to be asked. */
export class NotRunningError extends MillraceError {
  readonly code = 'NOT_RUNNING';

  constructor(applicationId: string) {
    super(`No instance of '${applicationId}' is running: only a running application takes checkpoints.`);
  }
}

/**
 * Asks the running instances of an application for a checkpoint or savepoint, and waits until it is complete.
 *
 * @returns its id
 * @throws {NoControlTopicError}, {NotRunningError}, {NoCoordinatorError}, {CheckpointFailedError}, {KafkaUnavailableError}
 */
export async function requestFromApplication(
  config: MillraceConfig,
  wanted: Omit<RequestedCheckpoint, 'applicationId'>,
  logger: Logger,
): Promise<string> {
  const { applicationId } = config;
  const cluster = new ClusterClient(clientOptions(config, logger));
  const listeners = new Set<(message: ControlMessage) => void>();
  let log: ControlLog | undefined;
  try {
    await cluster.connect();
    const admin = new TopicAdmin(cluster);
    const topic = controlTopicName(applicationId);
    if ((await admin.describeTopics([topic])).get(topic) === undefined)
      throw new NoControlTopicError(applicationId, topic);
    if ((await new GroupAdmin(cluster).describe(applicationId)).members.length === 0)
      throw new NotRunningError(applicationId);
    let fail!: (error: unknown) => void;
    const failed = new Promise<never>((_, reject) => (fail = reject));
    failed.catch(() => undefined);
    log = new ControlLog({
      cluster,
      admin,
      topic,
      onMessage: (message) => listeners.forEach((listener) => listener(message)),
      onFailure: fail,
      wallClock: systemClock,
      logger,
    });
    await log.start();
    const opened = log;
    const channel = {
      send: (message: ControlMessage) => opened.send(message),
      listen: (listener: (message: ControlMessage) => void) => {
        listeners.add(listener);
        return () => void listeners.delete(listener);
      },
    };
    return await Promise.race([requestCheckpoint(channel, { ...wanted, applicationId }), failed]);
  } finally {
    await log?.close();
    await cluster.close();
  }
}
