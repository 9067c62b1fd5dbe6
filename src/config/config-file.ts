import { readFileSync } from 'node:fs';
import { parseDocument } from 'yaml';
import { ConfigError } from './config-error';
import type { ConfigSource, SourceValue } from './merge-sources';
import { namesAt } from './option-list';

/**
 * Reads a configuration file: YAML, of which JSON is a part. Names are those of the options in code; `ssl` and `sasl` are objects.
 *
 * @throws ConfigError when it cannot be read or is neither.
 */
export function readConfigFile(path: string): ConfigSource {
  const origin = `the file ${path}`;
  const content = parse(path, read(path));
  if (content === null) return { values: [] };
  if (typeof content !== 'object' || Array.isArray(content)) {
    throw fileError(path, 'an object of options', `${Array.isArray(content) ? 'a list' : 'a single value'}`);
  }
  return { values: flatten(content as Record<string, unknown>, [], origin) };
}

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    throw fileError(path, 'a file that can be read', (error as NodeJS.ErrnoException).code ?? 'an unreadable one');
  }
}

function parse(path: string, text: string): unknown {
  // The parser's own messages quote the text, and with it perhaps a password: only the place and the kind are told.
  const document = parseDocument(text, { prettyErrors: true, logLevel: 'error' });
  const [first] = document.errors;
  if (first === undefined) return document.toJS();
  const line = first.linePos?.[0].line;
  throw fileError(path, 'YAML or JSON', `${first.code}${line === undefined ? '' : ` in line ${line}`}`);
}

function fileError(path: string, expected: string, found: string): ConfigError {
  return new ConfigError([
    { option: `configuration file ${path}`, spellings: ['--config', 'MILLRACE_CONFIG'], expected, found },
  ]);
}

/** The objects that hold options are taken apart, so that other sources can replace each option by itself. */
function flatten(content: Record<string, unknown>, parent: readonly string[], origin: string): SourceValue[] {
  return Object.entries(content).flatMap(([name, value]) => {
    const path = [...parent, name];
    return isFilledObject(value) && namesAt(path).length > 0 ? flatten(value, path, origin) : [{ path, value, origin }];
  });
}

function isFilledObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && Object.keys(value).length > 0;
}
