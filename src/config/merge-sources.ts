import type { ConfigProblem } from './config-error';

/** One value of a source, which may be an object that holds further options. */
export interface SourceValue {
  readonly path: readonly string[];
  readonly value: unknown;
  /** Completes "from ...". */
  readonly origin: string;
}

export interface ConfigSource {
  /** An object's own value comes before values inside it. */
  readonly values: readonly SourceValue[];
  /** What is wrong with the source itself. */
  readonly problems?: readonly ConfigProblem[];
}

/** Merges sources; a later one wins, option by option. */
export function mergeSources(sources: readonly ConfigSource[]): {
  options: Record<string, unknown>;
  origins: Map<string, string>;
} {
  const options: Record<string, unknown> = {};
  const origins = new Map<string, string>();
  for (const { values } of sources) {
    for (const { path, value, origin } of values) {
      if (set(options, path, value)) origins.set(path.join('.'), origin);
    }
  }
  return { options, origins };
}

/** Sets a value at a path, making objects on the way. `ssl: true` beside `ssl.ca` leaves the object as it is. */
function set(target: Record<string, unknown>, [name = '', ...rest]: readonly string[], value: unknown): boolean {
  const present = target[name];
  if (rest.length === 0) {
    if (value === true && isObject(present)) return false;
    target[name] = value;
    return true;
  }
  // A wrong value of the object itself stays, for the schema to refuse.
  if (present !== undefined && typeof present !== 'boolean' && !isObject(present)) return false;
  const inner = isObject(present) ? present : {};
  target[name] = inner;
  return set(inner, rest, value);
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
