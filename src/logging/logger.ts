import pino from 'pino';

/** Writes structured log lines. Every line that Millrace writes has a stable `event` name beside its message. */
export type Logger = pino.Logger;

/** From the least to the most a logger writes; each level includes the ones before it. */
export const LOG_LEVELS = ['silent', 'fatal', 'error', 'warn', 'info', 'debug', 'trace'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

/** `auto` is `pretty` where the destination is a terminal, and `json` everywhere else. */
export const LOG_FORMATS = ['auto', 'json', 'pretty'] as const;
export type LogFormat = (typeof LOG_FORMATS)[number];

/** A logger that writes nothing: for a library whose user gave none, and for tests. */
export const silentLogger: Logger = pino({ level: 'silent' });
