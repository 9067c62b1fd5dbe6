import type { ErrorLocation } from '../errors/millrace-error';
import { MillraceError } from '../errors/millrace-error';

/** Something is wrong with a topology. Found before anything touches Kafka. */
export abstract class TopologyError extends MillraceError {}

/**
 * What `StreamsBuilder.build()` throws: everything that is wrong with the topology, at once. The stack of each problem leads to
 * the call that caused it.
 */
export class InvalidTopologyError extends TopologyError {
  readonly code = 'TOPOLOGY_INVALID';
  readonly problems: readonly TopologyError[];

  constructor(problems: readonly TopologyError[]) {
    super(
      problems.length === 1
        ? `The topology cannot be built. ${problems[0]!.message}`
        : `The topology cannot be built, for ${problems.length} reasons:\n${problems.map((problem) => `  - ${problem.message}`).join('\n')}`,
    );
    this.problems = problems;
  }
}

/** A topology that reads no topic. */
export class NoSourceError extends TopologyError {
  readonly code = 'TOPOLOGY_NO_SOURCE';

  constructor() {
    super('It reads no topic. Begin with builder.stream(topic, { key, value }).');
  }
}

/** A name of a node, store or topic that Kafka would refuse in a topic name, or that is empty. */
export class IllegalNameError extends TopologyError {
  readonly code = 'TOPOLOGY_ILLEGAL_NAME';

  constructor(what: string, name: string, location: ErrorLocation = {}) {
    super(
      `The ${what} '${name}' has an illegal name. Use 1 to ${LONGEST_NAME} of the characters a-z A-Z 0-9 . _ - (and neither . nor .. alone), as for Kafka topics.`,
      { location },
    );
  }
}

/** The longest topic name that Kafka takes. */
export const LONGEST_NAME = 249;

/** Two nodes, two stores or two repartition topics of the same name. */
export class DuplicateNameError extends TopologyError {
  readonly code = 'TOPOLOGY_DUPLICATE_NAME';

  constructor(what: 'node' | 'store' | 'repartition topic', name: string, location: ErrorLocation = {}) {
    super(`There are two ${what}s named '${name}'. Give one of them another name.`, { location });
  }
}

/** A topic that two sources read in ways that cannot be made one. */
export class TopicSubscribedTwiceError extends TopologyError {
  readonly code = 'TOPOLOGY_TOPIC_SUBSCRIBED_TWICE';

  constructor(topic: string, first: string, second: string, difference: string) {
    super(
      `The topic '${topic}' is read by source '${first}' and by source '${second}', with different ${difference}. Read it once and use that stream twice.`,
      { location: { topic, node: second } },
    );
  }
}

/** A source without topics, or with one named twice. */
export class IllegalSubscriptionError extends TopologyError {
  readonly code = 'TOPOLOGY_ILLEGAL_SUBSCRIPTION';

  constructor(node: string, problem: string) {
    super(`The source '${node}' ${problem}.`, { location: { node } });
  }
}

/** A serde is needed and nothing says which. */
export class SerdeMissingError extends TopologyError {
  readonly code = 'TOPOLOGY_SERDE_MISSING';

  constructor(part: 'key' | 'value', node: string, purpose: string) {
    super(
      `After node '${node}' no ${part} serde is known, and one is needed ${purpose}. Give { ${part}: serdes... } to the operator that needs it.`,
      { location: { node } },
    );
  }
}

/** A store without a serde, which only a program without types can define. */
export class StoreSerdeMissingError extends TopologyError {
  readonly code = 'TOPOLOGY_STORE_SERDE_MISSING';

  constructor(part: 'key' | 'value', store: string) {
    super(`The store '${store}' has no ${part} serde. Give { ${part}: serdes... } where it is defined.`, {
      location: { store },
    });
  }
}

/** An operator was given something else where it takes a function, which only a program without types can do. */
export class FunctionMissingError extends TopologyError {
  readonly code = 'TOPOLOGY_FUNCTION_MISSING';

  constructor(node: string, what: string, found: unknown) {
    super(`Node '${node}' takes a function as its ${what}, and was given ${found === null ? 'null' : typeof found}.`, {
      location: { node },
    });
  }
}

/** A processor names a store that nobody added. */
export class StoreUnknownError extends TopologyError {
  readonly code = 'TOPOLOGY_STORE_UNKNOWN';

  constructor(store: string, node: string) {
    super(
      `Node '${node}' uses the store '${store}', which does not exist. Add it with builder.addStore(stores.keyValue({ name: '${store}', ... })).`,
      { location: { store, node } },
    );
  }
}

/** A store that no processor uses. */
export class StoreUnusedError extends TopologyError {
  readonly code = 'TOPOLOGY_STORE_UNUSED';

  constructor(store: string) {
    super(
      `The store '${store}' was added and no processor uses it. List it where a processor is added, process(supplier, { stores: ['${store}'] }), or remove it.`,
      { location: { store } },
    );
  }
}

/** `split()` without an end. */
export class SplitNotEndedError extends TopologyError {
  readonly code = 'TOPOLOGY_SPLIT_NOT_ENDED';

  constructor(node: string) {
    super(`The split '${node}' has no end. End it with defaultBranch() or noDefaultBranch().`, { location: { node } });
  }
}

/** A number of partitions that no topic can have. */
export class IllegalPartitionsError extends TopologyError {
  readonly code = 'TOPOLOGY_ILLEGAL_PARTITIONS';

  constructor(node: string, partitions: number) {
    super(`The repartition '${node}' asks for ${partitions} partitions. Ask for a whole number from 1 up.`, {
      location: { node },
    });
  }
}

/** Streams or tables of two different builders in one topology. */
export class ForeignStreamError extends TopologyError {
  readonly code = 'TOPOLOGY_FOREIGN_STREAM';

  constructor(node: string) {
    super(`Node '${node}' brings in a stream or table of another StreamsBuilder. Make both with the same builder.`, {
      location: { node },
    });
  }
}

/** A length of time that is none. */
export class IllegalDurationError extends TopologyError {
  readonly code = 'TOPOLOGY_ILLEGAL_DURATION';

  constructor(node: string, option: string, milliseconds: number) {
    super(`Node '${node}' has ${option}: ${String(milliseconds)}. Give a whole number of milliseconds from 0 up.`, {
      location: { node },
    });
  }
}

/** The store of a table was asked for that has none. */
export class TableWithoutStoreError extends TopologyError {
  readonly code = 'TOPOLOGY_TABLE_WITHOUT_STORE';

  constructor(node: string) {
    super(
      `The table '${node}' is kept in no store. Name one where the table is made: { store: '${node}-store', value: serdes... }.`,
      { location: { node } },
    );
  }
}

/** A stream is to wait for the values that a table had in the past, and the table does not keep them. */
export class TableNotVersionedError extends TopologyError {
  readonly code = 'TOPOLOGY_TABLE_NOT_VERSIONED';

  constructor(node: string) {
    super(
      `The join '${node}' has graceMs, for which the table must keep its past values. Make the table with { versioned: { historyRetentionMs } }, or leave graceMs out.`,
      { location: { node } },
    );
  }
}

/** A stream is to wait longer than the table keeps the values that it waits for. */
export class GraceTooLongError extends TopologyError {
  readonly code = 'TOPOLOGY_GRACE_TOO_LONG';

  constructor(node: string, graceMs: number, historyRetentionMs: number) {
    super(
      `The join '${node}' has graceMs: ${graceMs}, but its table keeps past values for ${historyRetentionMs} ms only. Give the table a historyRetentionMs of ${graceMs} or more.`,
      { location: { node } },
    );
  }
}

/** Repartitions with different numbers of partitions whose records meet in one store. */
export class NotCopartitionedError extends TopologyError {
  readonly code = 'TOPOLOGY_NOT_COPARTITIONED';

  constructor(node: string, partitions: ReadonlyMap<string, number>) {
    const list = [...partitions].map(([topic, count]) => `'${topic}' ${count}`).join(', ');
    super(
      `The records that meet at node '${node}' go through repartition topics of different numbers of partitions: ${list}. Ask for the same number, or for none.`,
      { location: { node } },
    );
  }
}
