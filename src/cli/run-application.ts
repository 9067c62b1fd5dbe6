import type { MillraceConfig } from '../config/millrace-config';
import type { Logger } from '../logging/logger';
import { addProcessMetrics, createMetrics } from '../metrics/metrics';
import { startHttpServer } from '../server/http-server';
import type { RestoreListener } from '../runtime/restore-progress';
import type { Topology } from '../topology/graph';
import type { Application, CreateApplication } from './application';
import { EXIT } from './exit-codes';
import { StopSignals } from './stop-signals';

/**
 * Runs an application until a signal or a fatal error ends it, and returns the exit code. After a fatal error nothing more is
 * logged, so that the last line has the reason. What `createApplication` throws is about the topology, and is thrown on.
 */
export async function runApplication(
  topology: Topology,
  config: MillraceConfig,
  logger: Logger,
  createApplication: CreateApplication,
  process: NodeJS.Process,
  onRestore?: RestoreListener,
): Promise<number> {
  const metrics = createMetrics();
  addProcessMetrics(metrics.registry);
  const application = await createApplication(topology, config, { logger, metrics, onRestore });
  const signals = new StopSignals(process, logger);
  const crash = uncaughtError(process);
  try {
    const server =
      config.httpPort === undefined
        ? undefined
        : await startHttpServer({
            host: config.httpHost,
            port: config.httpPort,
            application: { state: () => application.state, registry: metrics.registry },
            logger,
          });
    await Promise.race([runUntilStopped(application, signals, config.shutdownTimeoutMs), crash]);
    await server?.close();
    logger.info({ event: 'stopped' }, 'stopped');
    return EXIT.ok;
  } catch (error) {
    logger.fatal({ event: 'fatal_error', err: error }, error instanceof Error ? error.message : String(error));
    return EXIT.failed;
  } finally {
    signals.ignore();
  }
}

async function runUntilStopped(application: Application, signals: StopSignals, timeoutMs: number): Promise<void> {
  const stopped = signals.first.then(() => application.close({ timeoutMs }));
  const started = application.start().catch((error: unknown) => {
    // A start that a signal interrupted may fail; what counts then is how the shutdown ends.
    if (!signals.received) throw error;
    return application.closed;
  });
  await Promise.race([stopped, started.then(() => application.closed)]);
  if (signals.received) await stopped;
}

/** Rejects with an error that no one caught: what state the process is in is then unknown, so it must end without a commit. */
function uncaughtError(process: NodeJS.Process): Promise<never> {
  return new Promise((_, reject) => {
    process.on('uncaughtException', reject);
    process.on('unhandledRejection', reject);
  });
}
