/** What the exit code of the command line says. */
export const EXIT = {
  /** Done, or stopped by a signal after a clean commit. */
  ok: 0,
  /** Something failed while running; the last log line says what. */
  failed: 1,
  /** The command line, the configuration or the topology is wrong; nothing was touched. */
  usage: 2,
} as const;

/** What a shell expects of a process that a signal ended: 128 and the signal's number. */
export const SIGNAL_EXIT = { SIGINT: 130, SIGTERM: 143 } as const;
