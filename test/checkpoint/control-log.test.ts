import { ControlLog } from '../../src/checkpoint/control-log';
import type { ControlMessage } from '../../src/checkpoint/control-messages';
import { TopicAdmin } from '../../src/kafka';
import { silentLogger, type Logger } from '../../src/logging/logger';
import { ConnectedClusters, newTopic } from '../kafka/connected-cluster';
import { produce } from '../support/kafka-clients';
import { sharedBrokers } from '../support/shared-broker';

const clusters = new ConnectedClusters();

afterAll(() => clusters.close());

describe('the control log', () => {
  it('goes on after what another version of Millrace said, and warns of that once for each type', async () => {
    const cluster = await clusters.connect();
    const topic = await newTopic(cluster);
    const heard: ControlMessage[] = [];
    const warnings: object[] = [];
    const logger: Logger = { ...silentLogger, warn: (fields: object) => void warnings.push(fields) };
    let finish!: () => void;
    let fail!: (error: unknown) => void;
    const finished = new Promise<void>((resolve, reject) => ([finish, fail] = [resolve, reject]));
    const log = new ControlLog({
      cluster,
      admin: new TopicAdmin(cluster),
      topic,
      onMessage: (message) => {
        heard.push(message);
        if (heard.length === 2) finish();
      },
      onFailure: (error) => fail(error),
      wallClock: () => Date.now(),
      logger,
    });
    await log.start();
    try {
      const strange = [
        '{"type":"celebrate"}',
        '{"type":"failure","kind":"bored"}',
        '{"type":"celebrate","loudly":true}',
      ];
      log.send({ type: 'failure', kind: 'thread-died' });
      await produce(
        await sharedBrokers(),
        topic,
        strange.map((value) => ({ value })),
      );
      log.send({ type: 'failure', kind: 'tasks-dropped' });
      await finished;
    } finally {
      await log.close();
    }
    expect(heard.map((message) => 'kind' in message && message.kind).sort()).toEqual(['tasks-dropped', 'thread-died']);
    expect(warnings).toMatchObject([
      { event: 'control_message_unknown', type: 'celebrate' },
      { event: 'control_message_unknown', type: 'failure', problem: expect.stringContaining('kind') as string },
    ]);
  });
});
