import type { Expression } from '../expression';
import type { GraphStep } from '../scenario';

/* Short names for what most graphs have. A source's node is called as its topic. */

export const stream = (topic: string): GraphStep => ({ id: topic, op: 'stream', topic });

export const table = (topic: string, more: Readonly<Record<string, unknown>> = {}): GraphStep => ({
  id: topic,
  op: 'table',
  topic,
  ...more,
});

export const globalTable = (topic: string): GraphStep => ({ id: topic, op: 'globalTable', topic });

/** Writes a stream to the topic `out`, or another one. */
export const to = (id: string, topic = 'out'): GraphStep => ({ op: 'to', in: id, topic });

/** Writes a table's changes to the topic `out`, or another one. */
export const changesTo = (id: string, topic = 'out'): readonly GraphStep[] => [
  { id: `${id}-changes`, op: 'toStream', in: id },
  to(`${id}-changes`, topic),
];

/** What an aggregate is made of, in order: a removal leaves its trace. */
export const append: Expression = ['concat', '$aggregate', '+', '$value'];
export const appendRemoval: Expression = ['concat', '$aggregate', '-', '$value'];
/** Deletes the key at times. */
export const appendOrDelete: Expression = ['if', ['startsWith', '$value', 'z'], null, append];
export const concatSides: Expression = ['concat', '$left', '/', '$right'];
export const startsWithX: Expression = ['startsWith', '$value', 'x'];
/** Null for some values: what follows sees a deletion, or a null value. */
export const upperOrNull: Expression = ['if', ['startsWith', '$value', 'z'], null, ['upper', '$value']];
/** From a value to one of few keys. */
export const firstLetter: Expression = ['prefix', '$value', '1'];
