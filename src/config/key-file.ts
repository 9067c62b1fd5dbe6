import { readFileSync } from 'node:fs';
import type { ConfigProblem } from './config-error';
import { optionProblem, type Origins } from './config-problems';
import { ENCRYPTION_KEYS, parseEncryptionKeys } from './encryption-keys';
import { findOption } from './option-list';

/** The keys that snapshots are encrypted with, as the text that the file holds. Adds to `problems` what cannot be read. */
export function readKeyFile(
  file: string,
  givenKey: string | undefined,
  origins: Origins,
  problems: ConfigProblem[],
): string | undefined {
  const report = (expected: string) => {
    const option = findOption(['checkpointEncryptionKeyFile']);
    if (option !== undefined) problems.push(optionProblem(option, expected, file, origins));
  };
  if (givenKey !== undefined) report('nothing, because checkpointEncryptionKey is given too');
  try {
    const text = readFileSync(file, 'utf8');
    if (parseEncryptionKeys(text) !== undefined) return text;
    report(`the path of a file with ${ENCRYPTION_KEYS}`);
  } catch (error) {
    report(`the path of a file that can be read (${(error as NodeJS.ErrnoException).code ?? 'unreadable'})`);
  }
  return undefined;
}
