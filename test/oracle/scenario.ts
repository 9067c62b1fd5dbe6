import type { Expression } from './expression';

/* What is run by both sides: a topology, and what happens to it. Keys and values are texts; all topics have one partition. */

/**
 * A node of the topology: its operator, the nodes it reads (`in`, `with`) and the operator's parameters. The operators and their
 * parameters are listed in docs/testing-oracle.md; both interpreters reject what they do not know.
 */
export interface GraphStep {
  readonly op: string;
  /** Names the node for later ones; stores without a name of their own are called `<id>-store`. */
  readonly id?: string;
  readonly in?: string;
  readonly with?: string | readonly CogroupPart[];
  readonly topic?: string;
  readonly [parameter: string]: unknown;
}

export interface CogroupPart {
  readonly in: string;
  readonly aggregator: Expression;
}

export interface WindowStep {
  readonly type: 'tumbling' | 'hopping' | 'sliding' | 'session';
  readonly sizeMs?: number;
  readonly advanceMs?: number;
  readonly timeDifferenceMs?: number;
  readonly inactivityGapMs?: number;
  readonly graceMs: number;
}

export interface JoinWindowStep {
  readonly timeDifferenceMs: number;
  readonly graceMs: number;
  readonly beforeMs?: number;
  readonly afterMs?: number;
}

/** A record that comes in. */
export interface InputStep {
  readonly topic: string;
  readonly key: string | null;
  readonly value: string | null;
  readonly timestamp: number;
}

/** The wall clock moves by as many milliseconds. It begins at 0. */
export interface AdvanceStep {
  readonly advance: number;
}

export type ScenarioStep = InputStep | AdvanceStep;

export interface Scenario {
  readonly id: string | number;
  readonly graph: readonly GraphStep[];
  readonly steps: readonly ScenarioStep[];
  /** Which stores Kafka Streams uses where it has a choice. Default `rocksdb`, as there. */
  readonly stores?: 'rocksdb' | 'memory';
}

/** A record that came out. */
export interface OutputRecord {
  /** Which of the scenario's steps it came after: an index. */
  readonly step: number;
  readonly topic: string;
  /** Hexadecimal where the sink asks for binary windowed keys. */
  readonly key: string | null;
  readonly value: string | null;
  readonly timestamp: number;
}

/** What a scenario led to. */
export interface ScenarioResult {
  readonly outputs: readonly OutputRecord[];
  /** The step at which the topology failed; nothing follows it. */
  readonly error?: { readonly step: number; readonly message: string };
}
