import type { MillraceConfig } from '../config/millrace-config';
import type { Logger } from '../logging/logger';
import type { MillraceMetrics } from '../metrics/metrics';
import type { RestoreListener } from '../runtime/restore-progress';
import type { Topology } from '../topology/graph';

/** What `millrace run` needs of an application. */
export interface Application {
  readonly state: string;
  start(): Promise<void>;
  close(options?: { timeoutMs?: number }): Promise<void>;
  /** Resolves when the application has stopped, rejects with the error that stopped it. */
  readonly closed: Promise<void>;
}

export type CreateApplication = (
  topology: Topology,
  config: MillraceConfig,
  dependencies: { logger: Logger; metrics: MillraceMetrics; onRestore?: RestoreListener | undefined },
) => Promise<Application>;
