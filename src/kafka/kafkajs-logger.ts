import type { Logger } from '../logging/logger';
import type { KafkajsLogger } from './kafkajs-internals';

/**
 * Brings kafkajs's log lines into ours, a level lower: what it calls an error is mostly a connection that is retried here, and
 * this layer says so itself. Only harmless fields pass, never the contents of requests and responses.
 */
export function kafkajsLogger(logger: Logger): KafkajsLogger {
  const write =
    (level: 'trace' | 'debug' | 'warn') =>
    (message: string, extra: { broker?: string; error?: string } = {}): void => {
      logger[level]({ event: 'kafka.connection', broker: extra.broker, error: extra.error }, message);
    };
  const adapted: KafkajsLogger = {
    namespace: () => adapted,
    debug: write('trace'),
    info: write('debug'),
    warn: write('debug'),
    error: write('debug'),
  };
  return adapted;
}
