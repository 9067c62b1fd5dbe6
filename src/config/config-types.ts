import type { z } from 'zod';
import type { configSchema } from './schema';

/** What the schema makes of options, before defaults that depend on other options. */
export type ParsedConfig = DeepReadonly<z.output<typeof configSchema>>;

/**
 * A configuration that is complete and checked: every default filled in, PEM and key files read. Options that are off are undefined.
 */
export type MillraceConfig = Complete<
  Omit<ParsedConfig, 'clientId' | 'fetchMaxBytes' | 'ssl' | 'checkpointEncryptionKeyFile'>
> & {
  readonly clientId: string;
  readonly fetchMaxBytes: number;
  /** Texts of PEM files, ready for `node:tls`. */
  readonly ssl: false | Exclude<ParsedConfig['ssl'], boolean>;
};

/** What to do with a record that cannot be read, processed or written. */
export type BadRecordHandler = MillraceConfig['deserializationExceptionHandler'];

type DeepReadonly<T> = T extends (infer E)[]
  ? readonly E[]
  : T extends object
    ? { readonly [K in keyof T]: DeepReadonly<T[K]> }
    : T;

/** Every property is there, even when its value may be undefined. */
type Complete<T> = { readonly [K in keyof Required<T>]: T[K] };
