import { ConfigError, type ConfigProblem } from './config-error';
import type { MillraceConfig, ParsedConfig } from './config-types';
import { type Origins, problemsOf } from './config-problems';
import { crossCheck } from './cross-checks';
import { readKeyFile } from './key-file';
import type { MillraceOptions } from './millrace-options';
import { readPemFiles } from './pem-files';
import { hideSecrets } from './redact-config';
import { configSchema } from './schema';

export type { BadRecordHandler, MillraceConfig } from './config-types';
export type { MillraceOptions, SaslOptions, SslOptions } from './millrace-options';

/**
 * Checks options, reads the PEM and key files that they name, and fills in the defaults. A resolved configuration may be given again,
 * and stays as it is.
 *
 * @throws ConfigError listing every problem.
 *
 * @example
 * const config = resolveConfig({ applicationId: 'word-count', brokers: 'localhost:9092' });
 */
export function resolveConfig(options: MillraceOptions): MillraceConfig {
  return resolveFrom(options, new Map());
}

/** As {@link resolveConfig}, for options whose origins are known; problems then say where a value came from. */
export function resolveFrom(options: unknown, origins: Origins): MillraceConfig {
  const parsed = configSchema.safeParse(options);
  if (!parsed.success) {
    const problems = problemsOf(parsed.error.issues, options, origins);
    const reported = new Set(problems.map(({ option }) => option));
    const further = crossCheck(parseWhatIsValid(options), origins).filter(({ option }) => !reported.has(option));
    throw new ConfigError([...problems, ...further]);
  }
  const unread: ConfigProblem[] = [];
  const { checkpointEncryptionKeyFile, ...given } = parsed.data;
  const checkpointEncryptionKey =
    checkpointEncryptionKeyFile === undefined
      ? given.checkpointEncryptionKey
      : readKeyFile(checkpointEncryptionKeyFile, given.checkpointEncryptionKey, origins, unread);
  const config = { ...withDerivedDefaults(given), checkpointEncryptionKey };
  const problems = [...crossCheck(config, origins), ...unread];
  const ssl = config.ssl === false ? false : readPemFiles(config.ssl, origins, problems);
  if (problems.length > 0) throw new ConfigError(problems);
  return hideSecrets({ ...config, ssl });
}

function withDerivedDefaults(parsed: Omit<ParsedConfig, 'checkpointEncryptionKeyFile'>): MillraceConfig {
  return {
    ...parsed,
    clientId: parsed.clientId ?? parsed.applicationId,
    fetchMaxBytes: parsed.fetchMaxBytes ?? Math.max(1, Math.floor(parsed.inputBufferMaxBytes / 16)),
    groupInstanceId: parsed.groupInstanceId,
    deadLetterTopic: parsed.deadLetterTopic,
    httpPort: parsed.httpPort,
    checkpointToleratedFailures: parsed.checkpointToleratedFailures,
    checkpointStore: parsed.checkpointStore,
    checkpointS3Endpoint: parsed.checkpointS3Endpoint,
    checkpointS3Region: parsed.checkpointS3Region,
    checkpointEncryptionKey: parsed.checkpointEncryptionKey,
    sasl: parsed.sasl,
    ssl: parsed.ssl === true ? {} : parsed.ssl,
  };
}

/** The options that are valid by themselves, with the defaults of those that were not given. */
function parseWhatIsValid(options: unknown): Partial<MillraceConfig> {
  if (typeof options !== 'object' || options === null) return {};
  const given = options as Record<string, unknown>;
  return Object.fromEntries(
    Object.entries(configSchema.shape).flatMap(([name, schema]) => {
      const parsed = schema.safeParse(given[name]);
      return parsed.success ? [[name, parsed.data]] : [];
    }),
  );
}
