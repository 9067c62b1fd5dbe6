import { FunctionMissingError } from './errors';
import type { Operator } from './operators';

const FIELDS = [
  'predicate',
  'mapper',
  'action',
  'aggregator',
  'supplier',
  'adder',
  'subtractor',
  'joiner',
  'selector',
  'foreignKey',
] as const;

/** What should be a function and is not: what the types refuse, and a program without types can do. */
export function missingFunctions(node: string, operator: Operator): readonly FunctionMissingError[] {
  return functionsOf(operator)
    .filter(([, given]) => typeof given !== 'function')
    .map(([field, given]) => new FunctionMissingError(node, field, given));
}

function functionsOf(operator: Operator): readonly (readonly [field: string, given: unknown])[] {
  switch (operator.type) {
    case 'streamJoin':
      return operator.side === 'left' ? [['joiner', operator.join.joiner]] : [];
    case 'windowAggregate':
      return [
        ['initializer', operator.initializer],
        ...operator.folds.map(({ aggregator }) => ['aggregator', aggregator] as const),
        ...(operator.window.type === 'session' ? [['merger', operator.merger] as const] : []),
      ];
    case 'deduplicate':
      return operator.id === undefined ? [] : [['id', operator.id]];
    case 'toStream':
      return operator.mapper === undefined ? [] : [['mapper', operator.mapper]];
    default: {
      const given = operator as { readonly [field in (typeof FIELDS)[number]]?: unknown };
      return FIELDS.filter((field) => field in operator).map((field) => [field, given[field]] as const);
    }
  }
}
