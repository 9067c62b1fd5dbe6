import { createLogger, type LoggerOptions } from '../../src/logging/create-logger';
import { silentLogger } from '../../src/logging/logger';

function linesOf(
  options: LoggerOptions & { isTTY?: boolean },
  log: (logger: ReturnType<typeof createLogger>) => void,
): string[] {
  const lines: string[] = [];
  log(createLogger({ ...options, destination: { write: (line) => lines.push(line), isTTY: options.isTTY } }));
  return lines;
}

describe('createLogger', () => {
  it('writes one JSON object a line, with level, time, event and message', () => {
    const [line = '', ...more] = linesOf({ format: 'json' }, (logger) =>
      logger.info({ event: 'started', port: 1 }, 'it runs'),
    );
    expect(more).toEqual([]);
    expect(line.endsWith('\n')).toBe(true);
    const parsed = JSON.parse(line) as Record<string, unknown>;
    expect(parsed).toMatchObject({ level: 'info', event: 'started', port: 1, msg: 'it runs' });
    expect(new Date(String(parsed['time'])).toISOString()).toBe(parsed['time']);
  });

  it('is readable on a terminal and JSON elsewhere, unless told otherwise', () => {
    const log = (logger: ReturnType<typeof createLogger>) => logger.warn({ event: 'e' }, 'careful');
    const isJson = (lines: string[]) => lines.join('').startsWith('{');
    expect(isJson(linesOf({ isTTY: false }, log))).toBe(true);
    expect(isJson(linesOf({ isTTY: true, format: 'json' }, log))).toBe(true);
    for (const pretty of [linesOf({ isTTY: true }, log), linesOf({ isTTY: false, format: 'pretty' }, log)]) {
      expect(isJson(pretty)).toBe(false);
      expect(pretty.join('')).toMatch(/WARN.*careful/);
    }
  });

  it('has no colours where there is no terminal', () => {
    const lines = linesOf({ isTTY: false, format: 'pretty' }, (logger) => logger.info('x'));
    expect(lines.join('')).not.toContain('\u001b[');
  });

  it('leaves out what is below its level', () => {
    expect(linesOf({ level: 'error', format: 'json' }, (logger) => logger.warn('no'))).toEqual([]);
  });

  it('writes an error with its code, stack and cause', () => {
    const error = Object.assign(new Error('outer', { cause: new Error('inner') }), { code: 'SOME_CODE' });
    const [line = ''] = linesOf({ format: 'json' }, (logger) => logger.error({ err: error }, 'failed'));
    const { err } = JSON.parse(line) as { err: Record<string, string> };
    expect(err).toMatchObject({ code: 'SOME_CODE', message: 'outer: inner' });
    expect(err['stack']).toMatch(/caused by: Error: inner/);
  });

  it.each([
    [{ password: 'hunter2' }],
    [{ sasl: { password: 'hunter2' } }],
    [{ config: { sasl: { password: 'hunter2' } } }],
    [{ ssl: { key: 'hunter2', passphrase: 'hunter2' } }],
    [{ err: Object.assign(new Error('x'), { config: { sasl: { password: 'hunter2' } } }) }],
  ])('hides secrets: case %#', (fields) => {
    const lines = linesOf({ format: 'json' }, (logger) => logger.info({ event: 'e', ...fields }, 'm'));
    expect(lines.join('')).toContain('[redacted]');
    expect(lines.join('')).not.toContain('hunter2');
    const pretty = linesOf({ format: 'pretty' }, (logger) => logger.info({ event: 'e', ...fields }, 'm'));
    expect(pretty.join('')).not.toContain('hunter2');
  });

  it('hides secrets in the lines of child loggers, and in their bindings', () => {
    const lines = linesOf({ format: 'json' }, (logger) =>
      logger.child({ sasl: { password: 'hunter2' } }).info({ password: 'hunter2' }),
    );
    expect(lines.join('')).not.toContain('hunter2');
  });
});

describe('silentLogger', () => {
  it('is off at every level', () => {
    expect(silentLogger.isLevelEnabled('fatal')).toBe(false);
  });
});
