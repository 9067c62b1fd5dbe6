import type { Cluster } from './cluster';
import type { Engine } from './engines/engine';
import type { Machine } from './machine';

/** What every case needs. */
export interface BenchContext {
  readonly cluster: Cluster;
  /** Of bench/peer, for its engine and its tools. */
  readonly classPath: string;
  /** In the order in which they alternate. */
  readonly engines: readonly Engine[];
  /** For state directories; removed at the end. */
  readonly folder: string;
  /** Makes the names of topics and applications of this session unique. */
  readonly session: string;
  readonly machine: Machine;
  readonly seed: number;
  /** Whether Millrace runs once more under the CPU profiler. */
  readonly profiles: boolean;
  readonly log: (line: string) => void;
}
