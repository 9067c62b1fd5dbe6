import { inspect } from 'node:util';
import type { MillraceConfig } from './config-types';
import { OPTIONS } from './option-list';

const REDACTED = '[redacted]';

/** A copy to show to people: secrets are replaced by `[redacted]`. */
export function redactConfig(config: MillraceConfig): MillraceConfig {
  return redact(config, []) as MillraceConfig;
}

/** Makes `console.log(config)`, `JSON.stringify(config)` and loggers show the redacted copy. */
export function hideSecrets(config: MillraceConfig): MillraceConfig {
  const shown = () => redactConfig(config);
  return Object.defineProperties(config, {
    toJSON: { value: shown, enumerable: false },
    [inspect.custom]: { value: shown, enumerable: false },
  });
}

function redact(value: unknown, path: readonly string[]): unknown {
  const isSecret = OPTIONS.some((option) => option.secret === true && option.name === path.join('.'));
  if (isSecret && value !== undefined) return REDACTED;
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, redact(member, [...path, key])]));
}
