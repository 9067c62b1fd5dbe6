import { z } from 'zod';

/** What the schema says about an option beside its type: for messages, `--help` and the documentation. */
export interface OptionMeta {
  /** What it does, and advice where it matters. */
  readonly description: string;
  /** Completes "expected ...". */
  readonly expected: string;
  /** The type as TypeScript writes it. */
  readonly type: string;
  /** How text from a flag or the environment becomes a value. */
  readonly textForm: 'text' | 'number' | 'boolean';
  /** The name in Kafka Streams or Kafka's clients, where there is one. */
  readonly kafkaName?: string;
  /** Stands for the default, where that depends on the machine or on another option. */
  readonly defaultText?: string;
  /** Never shown: not in errors, not in logs, not in a printed configuration. */
  readonly secret?: boolean;
}

/** Meta data of every option of the schema. */
export const optionRegistry = z.registry<OptionMeta>();

type Documentation = Pick<OptionMeta, 'description' | 'kafkaName' | 'defaultText' | 'secret'>;

/** An option of any type; `expected` and `type` say in words what `schema` accepts. */
export function option<S extends z.ZodType>(
  schema: S,
  meta: Documentation & { expected: string; type?: string; textForm?: OptionMeta['textForm'] },
): S {
  optionRegistry.add(schema, { type: 'string', textForm: 'text', ...meta });
  return schema;
}

/** A whole number of at least `min`. */
export function integer(min: number, defaultValue: number, documentation: Documentation) {
  return option(z.int().min(min).default(defaultValue), { ...documentation, ...integerMeta(min) });
}

/** The parts of the meta data that every whole number shares. */
export function integerMeta(min: number, max?: number): Pick<OptionMeta, 'expected' | 'type' | 'textForm'> {
  const expected = max === undefined ? `an integer of at least ${min}` : `an integer from ${min} to ${max}`;
  return { expected, type: 'number', textForm: 'number' };
}

/** A number from `min` to `max`, whole or not. */
export function decimal(min: number, max: number, defaultValue: number, documentation: Documentation) {
  const meta = { ...integerMeta(min), expected: `a number from ${min} to ${max}` };
  return option(z.number().min(min).max(max).default(defaultValue), { ...documentation, ...meta });
}

/** One of a few words. */
export function choice<const T extends readonly string[]>(
  values: T,
  defaultValue: T[number],
  documentation: Documentation,
) {
  return option(z.enum(values).default(defaultValue as never), { ...documentation, ...choiceMeta(values) });
}

/** The parts of the meta data that every choice of words shares. */
export function choiceMeta(values: readonly string[]): Pick<OptionMeta, 'expected' | 'type'> {
  return { expected: `one of ${values.join(', ')}`, type: values.map((value) => `'${value}'`).join(' | ') };
}
