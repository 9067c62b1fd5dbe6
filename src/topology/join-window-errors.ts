import { TopologyError } from './errors';
import type { JoinWindows } from './join-windows';
import type { TopologyDraft } from './topology-draft';

/** A join's windows are none: missing, negative, or no whole milliseconds. */
export class IllegalJoinWindowsError extends TopologyError {
  readonly code = 'TOPOLOGY_ILLEGAL_JOIN_WINDOWS';

  constructor(node: string, problem: string) {
    super(
      `The join '${node}' ${problem}. Give it windows.join({ timeDifferenceMs, graceMs }), in whole milliseconds from 0 up.`,
      { location: { node } },
    );
  }
}

/** @returns whether the windows are such that the rest of the join can be made */
export function checkJoinWindows(draft: TopologyDraft, node: string, windows: JoinWindows): boolean {
  const problem = findProblem(windows);
  if (problem !== undefined) draft.report(new IllegalJoinWindowsError(node, problem));
  return problem === undefined;
}

function findProblem(windows: JoinWindows | undefined): string | undefined {
  if (windows?.type !== 'join') return 'has no join windows';
  const { beforeMs, afterMs, graceMs } = windows;
  if (!Number.isSafeInteger(graceMs)) return 'has no grace period (graceMs), which must be given';
  if (graceMs < 0) return `has a negative grace period (graceMs is ${graceMs})`;
  if (!Number.isSafeInteger(beforeMs) || !Number.isSafeInteger(afterMs)) {
    return `has a window from ${-beforeMs} to ${afterMs} ms, which are no whole milliseconds`;
  }
  // One of them may be negative: then the right record must be later (or earlier) than the left one by at least that much.
  if (beforeMs + afterMs < 0) return `has a window that ends before it begins (from ${-beforeMs} to ${afterMs} ms)`;
  return undefined;
}
