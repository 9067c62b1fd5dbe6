import { ConfigError } from './config-error';
import { readConfigFile } from './config-file';
import type { MillraceConfig } from './config-types';
import { readEnvironment } from './environment';
import { OPTIONS } from './option-list';
import { type ConfigSource, mergeSources } from './merge-sources';
import { resolveFrom } from './millrace-config';
import { parseOptionText } from './option-text';

/** Names the configuration file, where no flag does. */
export const CONFIG_FILE_VARIABLE = 'MILLRACE_CONFIG';

/** What a command was started with. */
export interface ConfigInputs {
  /** Texts of the flags that were given, by the name of the option: `{ sessionTimeoutMs: '6000', 'sasl.username': 'a' }`. */
  readonly flags: Readonly<Record<string, string>>;
  /** `process.env`, or part of it. A variable that is empty counts as not set. */
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Path of a JSON or YAML file; default: what `MILLRACE_CONFIG` says, else none. */
  readonly configFile?: string | undefined;
  /** Stands for required options that the command makes no use of, where they are not given. */
  readonly unused?: Readonly<Record<string, unknown>>;
}

/**
 * Puts the configuration together: flags win over environment variables, these over the configuration file, and that over
 * the defaults.
 *
 * @throws ConfigError listing every problem and where each value came from.
 */
export function loadConfig({ flags, environment, configFile, unused = {} }: ConfigInputs): MillraceConfig {
  const file = configFile ?? (environment[CONFIG_FILE_VARIABLE] || undefined);
  const sources: ConfigSource[] = [
    { values: Object.entries(unused).map(([name, value]) => ({ path: [name], value, origin: 'the command' })) },
    ...(file === undefined ? [] : [readConfigFile(file)]),
    readEnvironment(environment, [CONFIG_FILE_VARIABLE]),
    readFlags(flags),
  ];
  const { options, origins } = mergeSources(sources);
  const unknown = sources.flatMap(({ problems }) => problems ?? []);
  try {
    const config = resolveFrom(options, origins);
    if (unknown.length === 0) return config;
  } catch (error) {
    if (error instanceof ConfigError) throw new ConfigError([...unknown, ...error.problems]);
    throw error;
  }
  throw new ConfigError(unknown);
}

function readFlags(flags: ConfigInputs['flags']): ConfigSource {
  const values = OPTIONS.flatMap((option) => {
    const text = flags[option.name];
    return text === undefined
      ? []
      : [{ path: option.path, value: parseOptionText(option, text), origin: `the flag ${option.flag}` }];
  });
  return { values };
}
