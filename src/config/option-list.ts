import { z } from 'zod';
import { type OptionMeta, optionRegistry } from './option';
import { configSchema } from './schema';

/** One option with everything that can be said about it, in the order of the schema. */
export interface OptionDescription extends OptionMeta {
  /** Its name in code and in a configuration file: `sessionTimeoutMs`, `sasl.password`. */
  readonly name: string;
  readonly path: readonly string[];
  /** `--session-timeout-ms` */
  readonly flag: string;
  /** `MILLRACE_SESSION_TIMEOUT_MS` */
  readonly environmentVariable: string;
  readonly required: boolean;
  /** Undefined where there is none. */
  readonly defaultValue: string | number | boolean | undefined;
}

/** Every option, those inside `ssl` and `sasl` included. */
export const OPTIONS: readonly OptionDescription[] = describeShape(configSchema, []);

const byName = new Map(OPTIONS.map((option) => [option.name, option]));

export function findOption(path: readonly string[]): OptionDescription | undefined {
  return byName.get(path.join('.'));
}

/** The names that an object at `path` may have: those of the options, or of the objects that hold them. */
export function namesAt(path: readonly string[]): string[] {
  const names = OPTIONS.filter(
    (option) => option.path.length > path.length && path.every((name, index) => option.path[index] === name),
  ).map((option) => option.path[path.length] ?? '');
  return [...new Set(names)];
}

/** True for an option or an object of options that must not be shown as a whole. */
export function holdsSecret(path: readonly string[]): boolean {
  return OPTIONS.some((option) => option.secret === true && path.every((name, index) => option.path[index] === name));
}

function describeShape(schema: z.ZodObject, parent: readonly string[]): OptionDescription[] {
  return Object.entries(schema.shape).flatMap(([key, member]) => {
    const path = [...parent, key];
    const memberSchema = member as z.ZodType;
    const meta = optionRegistry.get(memberSchema);
    const nested = nestedObject(memberSchema);
    return [
      ...(meta === undefined ? [] : [describeOption(path, memberSchema, meta)]),
      ...(nested === undefined ? [] : describeShape(nested, path)),
    ];
  });
}

function describeOption(path: readonly string[], schema: z.ZodType, meta: OptionMeta): OptionDescription {
  const words = path.flatMap((part) => part.split(/(?=[A-Z])/)).map((word) => word.toLowerCase());
  const withoutValue = schema.safeParse(undefined);
  return {
    ...meta,
    name: path.join('.'),
    path,
    flag: `--${words.join('-')}`,
    environmentVariable: `MILLRACE_${words.join('_').toUpperCase()}`,
    required: !withoutValue.success,
    defaultValue: withoutValue.data as OptionDescription['defaultValue'],
  };
}

function nestedObject(schema: unknown): z.ZodObject | undefined {
  if (schema instanceof z.ZodObject) return schema;
  if (schema instanceof z.ZodOptional || schema instanceof z.ZodDefault) return nestedObject(schema.unwrap());
  if (schema instanceof z.ZodUnion) return schema.options.map(nestedObject).find((found) => found !== undefined);
  return undefined;
}
