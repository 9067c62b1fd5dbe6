import type { Headers } from '../serde/record';

/** Runs a function later. Real time in a service; what a test says in a test. */
export interface Timers {
  /** @returns what takes it back */
  after(milliseconds: number, run: () => void): () => void;
}

/** A record of the source that is not done, because calls for it are under way. Only the task looks inside. */
export interface RecordInFlight {
  /** Calls whose results were not handed on yet. */
  pending: number;
}

/** The context of a record at the moment when an asynchronous operator got it, to be restored when its result is handed on. */
export interface RecordSnapshot {
  readonly record: RecordInFlight;
  readonly topic: string | undefined;
  readonly partition: number;
  readonly offset: number;
  /** Of the record of the source. */
  readonly timestamp: number;
  readonly headers: Headers;
  readonly streamTime: number;
  /** The bytes of the record of the source, where dead letters may need them. */
  readonly rawKey: Buffer | null;
  readonly rawValue: Buffer | null;
  readonly rawHeaders: Headers;
  readonly rawTimestamp: number;
}

/** What asynchronous operators need of their task. */
export interface CallsInFlight {
  readonly timers: Timers;
  /** From 0 to 1, 1 excluded. */
  readonly random: () => number;
  /** The record that is being processed gets one more call. */
  snapshot(): RecordSnapshot;
  /** The record gets no call after all. To be called before anything else is processed. */
  withdraw(snapshot: RecordSnapshot): void;
  /** A call has ended: its result may be ready to be handed on. */
  ended(): void;
}
