import type { MillraceOptions } from '../../src/config/millrace-config';
import type { CompiledServices } from '../support/compiled-services';
import { createTopics, followTopic, produce, readTopic } from '../support/kafka-clients';
import { uniqueName } from '../support/kafka-names';
import type { SeededRandom } from '../support/seeded-random';
import { ServiceFleet } from '../support/service-fleet';
import type { CountingTopics } from '../support/services/counting';
import type { TopicFollower } from '../support/topic-follower';
import { countingTruth, findCountingFaults, findMissingCounts } from './counting-check';
import { LineFeed, randomLine } from './line-feed';

export interface CountingRunOptions {
  readonly brokers: readonly string[];
  readonly services: CompiledServices;
  /** Chooses the lines. */
  readonly random: SeededRandom;
  readonly options?: Partial<MillraceOptions>;
}

const PARTITIONS = 4;
const SETTLE_TIMEOUT_MS = 90_000;

/** The counting topology under test: its topics, its instances, its input, and in the end the verdict. */
export class CountingRun {
  private feed: LineFeed | undefined;
  private written = 0;

  private constructor(
    private readonly run: CountingRunOptions,
    readonly topics: CountingTopics,
    readonly fleet: ServiceFleet,
    /** Committed counts so far. */
    readonly counts: TopicFollower,
    private readonly ledger: TopicFollower,
  ) {}

  static async prepare(run: CountingRunOptions): Promise<CountingRun> {
    const { brokers, services, options } = run;
    const applicationId = uniqueName('counting');
    const topics = {
      lines: `${applicationId}-in-lines`,
      counts: `${applicationId}-out-counts`,
      ledger: `${applicationId}-out-ledger`,
    };
    await createTopics(brokers, ...Object.values(topics).map((topic) => ({ topic, partitions: PARTITIONS })));
    const fleet = new ServiceFleet({
      services,
      brokers,
      applicationId,
      topology: 'counting',
      parameters: topics,
      ...(options === undefined ? {} : { options }),
    });
    const counts = await followTopic(brokers, topics.counts);
    const ledger = await followTopic(brokers, topics.ledger);
    return new CountingRun(run, topics, fleet, counts, ledger);
  }

  /** Writes so many random lines, and waits until Kafka has them. */
  async write(lines: number): Promise<void> {
    const { brokers, random } = this.run;
    await produce(
      brokers,
      this.topics.lines,
      Array.from({ length: lines }, () => randomLine(random)),
    );
    this.written += lines;
  }

  /** Lines flow in from now on, until `stopFeeding`. */
  async startFeeding(linesPerSecond: number): Promise<void> {
    const { brokers, random } = this.run;
    this.feed = await LineFeed.start(brokers, this.topics.lines, random.fork(), linesPerSecond);
  }

  async stopFeeding(): Promise<void> {
    const { feed } = this;
    if (feed === undefined) return;
    this.feed = undefined;
    this.written += await feed.stop();
  }

  /** Resolves when all results of what was written so far are visible. */
  async untilAllCounted(): Promise<void> {
    const truth = await countingTruth(this.run.brokers, this.topics);
    await this.untilResults(this.counts, truth.words);
    await this.untilResults(this.ledger, truth.lines);
  }

  /** Resolves when more counts are visible than now. */
  async untilProgress(more = 1): Promise<void> {
    await this.untilResults(this.counts, this.counts.records.length + more);
  }

  private async untilResults(results: TopicFollower, count: number): Promise<void> {
    try {
      await results.until(() => results.records.length >= count, {
        what: `${count} results`,
        timeoutMs: SETTLE_TIMEOUT_MS,
      });
    } catch (error) {
      this.fleet.throwIfEnded();
      throw error;
    }
  }

  /** Lets everything that was written be counted, stops all instances with SIGTERM, and says what is wrong: nothing, or faults. */
  async finish(): Promise<CountingVerdict> {
    const { brokers, options } = this.run;
    await this.stopFeeding();
    await this.fleet.untilRunning();
    await this.untilAllCounted();
    for (const exit of await this.fleet.terminateAll()) {
      if (exit.code !== 0) throw new Error(`an instance ended with ${JSON.stringify(exit)} after SIGTERM`);
    }
    return this.verdict(brokers, options?.processingGuarantee !== 'at_least_once');
  }

  private async verdict(brokers: readonly string[], exactlyOnce: boolean): Promise<CountingVerdict> {
    const { topics, fleet } = this;
    const truth = await countingTruth(brokers, topics);
    if (truth.lines < this.written) throw new Error(`'${topics.lines}' has ${truth.lines} of ${this.written} lines`);
    const faults = await (exactlyOnce ? findCountingFaults : findMissingCounts)(truth, {
      brokers,
      applicationId: fleet.applicationId,
      topics,
      stateDirectories: fleet.instances.map((instance) => fleet.stateDirectory(instance)),
    });
    // No crash damages local state: who throws it away has to restore all of it (I4).
    const lost = fleet.lostStates.map(({ msg }) => `local state was lost: ${msg}`);
    return { lines: truth.lines, words: truth.words, faults: [...faults, ...lost] };
  }

  /** Outputs that aborted transactions left behind, which nobody may see. */
  async abortedOutputs(): Promise<number> {
    const [all, committed] = await Promise.all(
      (['read_uncommitted', 'read_committed'] as const).map((isolation) =>
        readTopic(this.run.brokers, this.topics.counts, { isolation }),
      ),
    );
    return all!.length - committed!.length;
  }

  async dispose(): Promise<void> {
    await this.stopFeeding();
    await this.counts.stop();
    await this.ledger.stop();
    await this.fleet.dispose();
  }
}

export interface CountingVerdict {
  readonly lines: number;
  readonly words: number;
  /** Empty when nothing was lost or doubled. */
  readonly faults: readonly string[];
}
