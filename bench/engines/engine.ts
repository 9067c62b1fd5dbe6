import type { ProcessCommand } from '../measured-process';

/** What an engine runs: the same in bench/topologies and in bench/peer. */
export type BenchTopology =
  | { readonly name: 'count' }
  | { readonly name: 'window'; readonly windowMs: number; readonly graceMs: number }
  | { readonly name: 'stream-table'; readonly otherInputTopic: string }
  | {
      readonly name: 'stream-stream';
      readonly otherInputTopic: string;
      /** The largest difference of the timestamps of two records that are joined. */
      readonly windowMs: number;
      readonly graceMs: number;
    };

/** One start of an engine on one pair of topics. */
export interface EngineRun {
  readonly topology: BenchTopology;
  readonly brokers: readonly string[];
  readonly applicationId: string;
  readonly inputTopic: string;
  readonly outputTopic: string;
  readonly stateDir: string;
  /** A directory that outlives the state, for an engine that takes checkpoints. */
  readonly checkpointStore: string;
  /** Whether the topology says when its first record reached it, by one more operator in front of the count. */
  readonly marksFirstRecord: boolean;
}

/** What an engine says about itself while it runs. */
export type EngineEvent =
  | { readonly kind: 'assigned'; readonly time: number }
  | { readonly kind: 'restored'; readonly time: number; readonly records: number }
  | { readonly kind: 'first-record'; readonly time: number }
  | { readonly kind: 'http-server'; readonly time: number; readonly port: number }
  | {
      readonly kind: 'checkpoint-completed';
      readonly time: number;
      readonly milliseconds: number;
      /** What was stored for it alone. */
      readonly storedBytes: number;
    }
  /** A task took its state from a checkpoint. */
  | { readonly kind: 'checkpoint-installed'; readonly time: number; readonly bytes: number };

export type EngineName = 'millrace' | 'peer';

/** One of the two that are compared. */
export interface Engine {
  readonly name: EngineName;
  readonly title: string;
  /** What was set, and defaults that matter for the comparison. */
  readonly settings: Readonly<Record<string, string | number>>;
  command(run: EngineRun): ProcessCommand;
  /** Reads one JSON line of the engine's output. */
  readEvent(line: Readonly<Record<string, unknown>>): EngineEvent | undefined;
}

/** Equal for both engines. */
export const COMMIT_INTERVAL_MS = 100;
export const SESSION_TIMEOUT_MS = 10_000;
