import type { Serde } from '../serde/serde';

/* What a windowed node does, as plain data around the user's functions. */

type Key = unknown;
type Value = unknown;

/** Windows of a fixed length that begin at multiples of `advanceMs`. Tumbling: both are the same. */
export interface TimeWindow {
  readonly type: 'tumbling' | 'hopping';
  readonly sizeMs: number;
  readonly advanceMs: number;
  readonly graceMs: number;
}

/** Windows around records: those of one window are at most `timeDifferenceMs` apart. */
export interface SlidingWindow {
  readonly type: 'sliding';
  readonly timeDifferenceMs: number;
  readonly graceMs: number;
}

/** Windows that end when there was no record for longer than `inactivityGapMs`. */
export interface SessionWindow {
  readonly type: 'session';
  readonly inactivityGapMs: number;
  readonly graceMs: number;
}

export type WindowDefinition = TimeWindow | SlidingWindow | SessionWindow;

/** How long after a window's end a record may still change it, in stream time; a session's gap belongs to it. */
export function closingDelay(window: WindowDefinition): number {
  return window.type === 'session' ? window.graceMs + window.inactivityGapMs : window.graceMs;
}

/** What is done with the values of one input. */
export interface WindowFold {
  /** `undefined` as the aggregate: a reduce, whose first value is the aggregate. */
  readonly aggregator: (key: Key, value: Value, aggregate: Value) => Value;
  /** Whether the node drops records without a value before they get to the aggregator. */
  readonly dropsNullValues: boolean;
  /** The sink among the node's children that late records of this input go to. */
  readonly lateSink: string | undefined;
}

/** Folds the records of each key and window into a store and forwards a change per window, or one when it closes. */
export interface WindowAggregateOperator {
  readonly type: 'windowAggregate';
  readonly window: WindowDefinition;
  readonly store: string;
  /** One for each input: several for a cogroup. */
  readonly folds: readonly WindowFold[];
  readonly initializer: () => Value;
  /** Of sessions that become one. */
  readonly merger: ((key: Key, first: Value, second: Value) => Value) | undefined;
  readonly emit: 'on-update' | 'on-close';
  /** Of the keys within the windows. */
  readonly keySerde: Serde<unknown>;
  readonly valueSerde: Serde<unknown>;
}

/** One of several inputs of a windowed cogroup. */
export interface CogroupInputOperator {
  readonly type: 'cogroupInput';
  /** Of its fold in the operator below. */
  readonly input: number;
}

/** Holds changes of a table back. */
export interface SuppressOperator {
  readonly type: 'suppress';
  readonly store: string;
  /** By what a change's time is counted: its timestamp, or the end of its key's window. */
  readonly time: 'timestamp' | 'window-end';
  /** A change is let through when stream time is this much past its time. */
  readonly waitMs: number;
  readonly maxRecords: number | undefined;
  readonly maxBytes: number | undefined;
  readonly whenFull: 'emit-early' | 'fail';
  readonly keySerde: Serde<unknown>;
  readonly valueSerde: Serde<unknown>;
}
