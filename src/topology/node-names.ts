import { DuplicateNameError, IllegalNameError, LONGEST_NAME } from './errors';
import type { TopologyError } from './errors';

const LEGAL = /^[a-zA-Z0-9._-]+$/;

/** Whether Kafka would take a topic of that name. */
export function isLegalName(name: string): boolean {
  return LEGAL.test(name) && name.length <= LONGEST_NAME && name !== '.' && name !== '..';
}

/**
 * Names the nodes of one topology.
 *
 * Every kind of operator counts on its own, and counts also those that the user names: neither an added filter nor a name given
 * later changes the name of an aggregate, and with it of its store and topics.
 */
export class NodeNames {
  private readonly counts = new Map<string, number>();
  private readonly taken = new Set<string>();
  /** Names that nobody gave. */
  readonly generated = new Set<string>();

  constructor(private readonly report: (problem: TopologyError) => void) {}

  /** The name for the next node of a kind: the given one, or `<kind>-<n>`. */
  next(kind: string, given: string | undefined): string {
    const count = (this.counts.get(kind) ?? 0) + 1;
    this.counts.set(kind, count);
    if (given !== undefined && !isLegalName(given)) this.report(new IllegalNameError('node', given, { node: given }));
    if (given !== undefined) return given;
    const name = `${kind}-${count}`;
    this.generated.add(name);
    return name;
  }

  /** Takes a name for a node. False, and reported, when another node has it. */
  take(name: string): boolean {
    if (this.taken.has(name)) {
      this.report(new DuplicateNameError('node', name, { node: name }));
      return false;
    }
    this.taken.add(name);
    return true;
  }
}
