import type { Serde } from '../serde/serde';
import type { KStream } from './dsl';
import type { TopologyDraft } from './topology-draft';

/** Where in the draft a stream stands, and what is known about it there. */
export interface StreamPosition {
  /** The node whose output this is. */
  readonly node: string;
  readonly keySerde: Serde<unknown> | undefined;
  readonly valueSerde: Serde<unknown> | undefined;
  /** Whether the records may be in other partitions than their keys say. */
  readonly keyChanged: boolean;
}

/** Makes a stream of a position. Handed down to the parts of the DSL that lead back to a stream, so that no two files need each other. */
export type StreamFactory = (draft: TopologyDraft, position: StreamPosition) => KStream<unknown, unknown>;
