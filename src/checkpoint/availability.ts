/** How long a recovery from a failure took, by phase. */
export interface Recovery {
  /** From the failure until whoever recovers knew of it: a thread that survived, or one that has the tasks now. */
  readonly detectMs: number;
  /** From then until all its tasks were open. */
  readonly restoreMs: number;
  /** From then until everything was committed that its inputs had at that moment. */
  readonly catchUpMs: number;
}
