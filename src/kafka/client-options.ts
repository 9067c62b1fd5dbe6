import type { ConnectionOptions as TlsOptions } from 'node:tls';
import type { Logger } from '../logging/logger';

/** How to log in to the brokers. */
export interface SaslOptions {
  readonly mechanism: 'plain' | 'scram-sha-256' | 'scram-sha-512';
  readonly username: string;
  readonly password: string;
}

export interface ClientOptions {
  /** `host:port` of some brokers of the cluster; the others are learned from them. */
  readonly brokers: readonly string[];
  /** Names this client in the brokers' logs and quotas. */
  readonly clientId: string;
  /** `true` for TLS with Node's own certificate authorities, or the options of Node's tls.connect. Default: no TLS. */
  readonly ssl?: boolean | TlsOptions | undefined;
  readonly sasl?: SaslOptions | undefined;
  readonly logger: Logger;
  /** For one connection with its TLS and SASL handshakes, in milliseconds. Default 10 000. */
  readonly connectionTimeoutMs?: number | undefined;
  /** For one answer, in milliseconds. Default 30 000. */
  readonly requestTimeoutMs?: number | undefined;
  /** How long transient errors are retried before {@link KafkaUnavailableError}, in milliseconds. Default 60 000. */
  readonly retryTimeoutMs?: number | undefined;
}

export const DEFAULT_CONNECTION_TIMEOUT_MS = 10_000;
export const DEFAULT_REQUEST_TIMEOUT_MS = 30_000;
export const DEFAULT_RETRY_TIMEOUT_MS = 60_000;
