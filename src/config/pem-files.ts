import { readFileSync } from 'node:fs';
import type { ConfigProblem } from './config-error';
import { optionProblem, type Origins } from './config-problems';
import { findOption } from './option-list';
import type { MillraceConfig } from './config-types';

type SslConfig = Exclude<MillraceConfig['ssl'], false>;

/** Replaces the paths of PEM files by what the files hold. Adds to `problems` what cannot be read. */
export function readPemFiles(ssl: SslConfig, origins: Origins, problems: ConfigProblem[]): SslConfig {
  const read = (name: 'ca' | 'cert' | 'key') => {
    const value = ssl[name];
    if (value === undefined) return {};
    try {
      const pem = isPem(value) ? value : readFileSync(value, 'utf8');
      if (isPem(pem)) return { [name]: pem };
      report(name, value, 'the path of a file in PEM format');
    } catch (error) {
      report(
        name,
        value,
        `the path of a PEM file that can be read (${(error as NodeJS.ErrnoException).code ?? 'unreadable'})`,
      );
    }
    return {};
  };
  const report = (name: string, value: string, expected: string) => {
    const option = findOption(['ssl', name]);
    if (option !== undefined) problems.push(optionProblem(option, expected, value, origins));
  };
  return { ...ssl, ...read('ca'), ...read('cert'), ...read('key') };
}

function isPem(text: string): boolean {
  return text.includes('-----BEGIN ');
}
