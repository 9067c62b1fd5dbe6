import { Writable } from 'node:stream';
import pino from 'pino';
import pretty from 'pino-pretty';
import type { LogFormat, Logger, LogLevel } from './logger';

/** Where log lines go. `isTTY` decides what the format `auto` means. */
export interface LogDestination {
  write(line: string): void;
  readonly isTTY?: boolean | undefined;
}

export interface LoggerOptions {
  /** Default `info`. */
  readonly level?: LogLevel;
  /** Default `auto`. */
  readonly format?: LogFormat;
  /** Default: standard output. */
  readonly destination?: LogDestination;
}

const SECRET_PATHS = ['sasl.password', 'ssl.key', 'ssl.passphrase'];

/** Secrets are hidden in a line's own fields and in objects up to two levels down: `config.sasl.password`, `err.config.ssl.key`. */
const REDACTED_PATHS = ['password', 'passphrase', 'checkpointEncryptionKey', ...SECRET_PATHS].flatMap((path) => [
  path,
  `*.${path}`,
  `*.*.${path}`,
]);

/**
 * Makes a logger that writes one JSON object a line, or readable lines on a terminal.
 *
 * Lines are written synchronously: the last line before an exit says why, so it must not be lost in a buffer.
 */
export function createLogger({ level = 'info', format = 'auto', destination }: LoggerOptions = {}): Logger {
  const isTerminal = destination === undefined ? process.stdout.isTTY : destination.isTTY === true;
  const options: pino.LoggerOptions = {
    level,
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { level: (label) => ({ level: label }) },
    redact: { paths: REDACTED_PATHS, censor: '[redacted]' },
  };
  if (format === 'pretty' || (format === 'auto' && isTerminal))
    return pino(options, prettyStream(isTerminal, destination));
  return pino(options, destination ?? pino.destination({ dest: 1, sync: true }));
}

function prettyStream(colorize: boolean, destination: LogDestination | undefined): pino.DestinationStream {
  const target =
    destination === undefined
      ? 1
      : new Writable({
          decodeStrings: false,
          write: (line: string, _encoding, done) => {
            destination.write(line);
            done();
          },
        });
  return pretty({ colorize, destination: target, sync: true, ignore: 'pid,hostname', translateTime: 'SYS:HH:MM:ss.l' });
}
