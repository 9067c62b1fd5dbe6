/**
 * Moments of the life of a stream thread at which a crash is most telling. A test that wants to see a process die there gives a
 * hook that kills it; without one they cost nothing.
 */
export type Failpoint =
  | 'before-commit'
  | 'before-transaction-end'
  | 'after-transaction-before-state-write'
  | 'after-state-write'
  | 'during-restore'
  | 'during-rebalance';

export type FailpointHook = (point: Failpoint) => void;
