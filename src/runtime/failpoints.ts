/**
 * Moments of the life of a stream thread or a checkpoint at which a crash is most telling. A test that wants to see a process die there gives a
 * hook that kills it; without one they cost nothing.
 */
export type Failpoint =
  | 'before-commit'
  | 'before-transaction-end'
  | 'after-transaction-before-state-write'
  | 'after-state-write'
  | 'during-restore'
  | 'during-rebalance'
  | CheckpointFailpoint;

/** Those of a checkpoint, in the order of its life. */
export type CheckpointFailpoint =
  /** The coordinator's instance: the beginning is said. */
  | 'after-begin'
  /** A thread: its next commit is the cut, and nothing of it is done. */
  | 'before-cut'
  /** A thread: committed with its barriers, the snapshots are taken; nothing of it is stored or said. */
  | 'after-cut'
  /** A file of a task's snapshot is in the snapshot store. */
  | 'during-upload'
  /** All files of a task's snapshot are; nobody was told. */
  | 'after-stored'
  /** The coordinator's instance: all tasks have stored, and nothing says that it is complete. */
  | 'before-metadata'
  /** The coordinator's instance: it is complete, and nobody was told. */
  | 'after-metadata'
  /** A part of a task's files is downloaded from a checkpoint. */
  | 'during-download'
  /** All of them are, and not in use yet. */
  | 'during-install'
  /** They are the task's state now; it is not open, and the changelog behind them not read. */
  | 'after-install';

export type FailpointHook = (point: Failpoint) => void;
