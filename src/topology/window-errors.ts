import { TopologyError } from './errors';

/** Times or limits of a window or a `suppress` that make no sense. */
export class IllegalWindowError extends TopologyError {
  readonly code = 'TOPOLOGY_ILLEGAL_WINDOW';

  constructor(node: string, what: string, value: unknown, allowed: string) {
    super(`Node '${node}' has ${what} ${String(value)}. Give it ${allowed}.`, { location: { node } });
  }
}

/** `suppress.untilWindowCloses` on a table that no windowed aggregation made. */
export class NoWindowToCloseError extends TopologyError {
  readonly code = 'TOPOLOGY_NO_WINDOW_TO_CLOSE';

  constructor(node: string) {
    super(
      `Node '${node}' waits for windows to close, and no windowed aggregation leads to it. Use suppress.untilTimeLimit, or put it behind a windowedBy(...) aggregation.`,
      { location: { node } },
    );
  }
}
