import { rm } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import type { Progress } from './committed-progress';
import { watchCommits } from './committed-progress';
import type { BenchContext } from './context';
import type { BenchTopology, Engine, EngineEvent, EngineRun } from './engines/engine';
import { MeasuredProcess } from './measured-process';

const LOOK_AGAIN_MS = 20;

export interface StartOptions {
  /** Default: the count. */
  readonly topology?: BenchTopology;
  readonly marksFirstRecord?: boolean;
}

type EventOf<K extends EngineEvent['kind']> = Extract<EngineEvent, { readonly kind: K }>;

/** An engine at work on an input topic, as an application of its own: topics, group and state directory. */
export class RunningEngine {
  private static started = 0;
  private events: EngineEvent[] = [];
  process: MeasuredProcess;

  private constructor(
    private readonly context: BenchContext,
    private readonly engine: Engine,
    private readonly run: EngineRun,
  ) {
    this.process = this.startProcess();
  }

  static async start(
    context: BenchContext,
    engine: Engine,
    input: { readonly topic: string },
    { topology = { name: 'count' }, marksFirstRecord = false }: StartOptions = {},
  ): Promise<RunningEngine> {
    const applicationId = `bench-${context.session}-${engine.name}-${++RunningEngine.started}`;
    const outputTopic = `${applicationId}-output`;
    await context.cluster.createTopic(outputTopic);
    return new RunningEngine(context, engine, {
      brokers: context.cluster.brokers,
      applicationId,
      inputTopic: input.topic,
      outputTopic,
      stateDir: path.join(context.folder, applicationId),
      checkpointStore: path.join(context.folder, `${applicationId}-checkpoints`),
      topology,
      marksFirstRecord,
    });
  }

  get applicationId(): string {
    return this.run.applicationId;
  }

  get outputTopic(): string {
    return this.run.outputTopic;
  }

  /** Starts a new process on the same state, after the last one is gone. Events of the last one are forgotten. */
  startAgain(): void {
    this.events = [];
    this.process = this.startProcess();
  }

  /** @param topics - whose commits to watch; default: the input */
  watchCommits(
    done: (progress: Progress) => boolean,
    topics: readonly string[] = [this.run.inputTopic],
  ): Promise<Progress> {
    return watchCommits(this.context.cluster, { groupId: this.run.applicationId, topics, process: this.process }, done);
  }

  /** Waits until the process has said so; gives the first such event. */
  async event<K extends EngineEvent['kind']>(kind: K): Promise<EventOf<K>> {
    for (;;) {
      const [event] = this.eventsOf(kind);
      if (event !== undefined) return event;
      this.process.assertRunning();
      await pause(LOOK_AGAIN_MS);
    }
  }

  eventsSoFar(): readonly EngineEvent[] {
    return this.events;
  }

  eventsOf<K extends EngineEvent['kind']>(kind: K): readonly EventOf<K>[] {
    return this.events.filter((event): event is EventOf<K> => event.kind === kind);
  }

  /** Deletes the state of a process that is gone, as a lost disk does. Checkpoints stay. */
  async loseState(): Promise<void> {
    await rm(this.run.stateDir, { recursive: true });
  }

  /** Waits until the group coordinator has given up a member that was killed. */
  async groupIsEmpty(): Promise<void> {
    while (await this.context.cluster.groupHasMembers(this.run.applicationId)) await pause(LOOK_AGAIN_MS);
  }

  /** Removes what the run left in Kafka and on disk. */
  async remove(): Promise<void> {
    await this.process.kill();
    await this.context.cluster.deleteTopics(`${this.run.applicationId}-`);
    for (const folder of [this.run.stateDir, this.run.checkpointStore])
      await rm(folder, { recursive: true, force: true });
  }

  private startProcess(): MeasuredProcess {
    return new MeasuredProcess(this.engine.title, this.engine.command(this.run), (line) => {
      const event = this.engine.readEvent(line);
      if (event !== undefined) this.events.push(event);
    });
  }
}
