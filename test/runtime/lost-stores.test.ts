import { serdes } from '../../src/index';
import type { ClusterClient } from '../../src/kafka';
import { silentLogger, type Logger } from '../../src/logging/logger';
import type { Topology } from '../../src/topology/graph';
import { ConnectedClusters } from '../kafka/connected-cluster';
import { createTopics, produce, readTopic } from '../support/kafka-clients';
import { uniqueName } from '../support/kafka-names';
import { sharedBrokers } from '../support/shared-broker';
import { build, text } from '../topology/build';
import { SmallApplication } from './small-application';

const clusters = new ConnectedClusters();
let brokers: string[];
let cluster: ClusterClient;

beforeAll(async () => {
  brokers = await sharedBrokers();
  cluster = await clusters.connect();
});
afterAll(() => clusters.close());

describe('a topology that lost a store', () => {
  const applicationId = uniqueName('lossy');
  const [input, output] = [`${applicationId}-in`, `${applicationId}-out`];
  let latest: SmallApplication | undefined;

  beforeAll(() => createTopics(brokers, { topic: input, partitions: 1 }, { topic: output, partitions: 1 }));
  afterAll(() => latest?.dispose());

  const countingIn = (store: string): Topology =>
    build((builder) =>
      builder.stream(input, text).groupByKey().count(store).toStream().to(output, { value: serdes.decimalText }),
    );
  const countingNothing = (): Topology => build((builder) => builder.stream(input, text).to(output));

  /** @returns what it warned of, and its last result */
  async function runWith(topology: Topology): Promise<{ warnings: object[]; result: string }> {
    const warnings: object[] = [];
    const logger = { ...silentLogger, warn: (fields: object) => void warnings.push(fields) } as Logger;
    logger.child = (() => logger) as unknown as Logger['child'];
    latest = new SmallApplication(cluster, brokers, applicationId, topology, latest);
    latest.logger = logger;
    await produce(brokers, input, [{ key: 'k', value: 'v' }]);
    await latest.runToEnd();
    return { warnings, result: String((await readTopic(brokers, output)).at(-1)!.value) };
  }

  it('says once what becomes of its state, which is there when it comes back', async () => {
    const lostCounts = { event: 'store_lost', store: 'counts', changelog: `${applicationId}-counts-changelog` };
    expect(await runWith(countingIn('counts'))).toEqual({ warnings: [], result: '1' });
    expect(await runWith(countingIn('totals'))).toEqual({
      warnings: [{ ...lostCounts, added: ['totals'] }],
      result: '1',
    });
    expect(await runWith(countingIn('totals'))).toEqual({ warnings: [], result: '2' });
    expect(await runWith(countingIn('counts'))).toMatchObject({
      warnings: [{ event: 'store_lost', store: 'totals', added: [] }],
      result: '2',
    });
    expect(await runWith(countingNothing())).toEqual({ warnings: [{ ...lostCounts, added: [] }], result: 'v' });
    expect(await runWith(countingIn('counts'))).toEqual({ warnings: [], result: '3' });
  });
});
