import type { MillraceConfig } from '../config/millrace-config';
import type { ClusterClient } from '../kafka';
import type { Logger } from '../logging/logger';

/** What a configuration says of connections to the brokers. */
export function clientOptions(config: MillraceConfig, logger: Logger): ConstructorParameters<typeof ClusterClient>[0] {
  return {
    brokers: config.brokers,
    clientId: config.clientId,
    ssl: config.ssl === false ? undefined : config.ssl,
    sasl: config.sasl,
    logger,
    requestTimeoutMs: config.requestTimeoutMs,
  };
}
