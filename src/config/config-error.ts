import { MillraceError } from '../errors/millrace-error';

/** One thing that is wrong with a configuration. Never holds a secret. */
export interface ConfigProblem {
  /** The option as code spells it, for example `sessionTimeoutMs` or `sasl.password`. */
  readonly option: string;
  /** The option as a flag and as an environment variable; empty for a name that is not an option. */
  readonly spellings: readonly string[];
  /** Completes "expected ...". */
  readonly expected: string;
  /** Completes "found ...". */
  readonly found: string;
  /** Where the value came from, for example `the environment variable MILLRACE_BROKERS`; absent in code. */
  readonly source?: string | undefined;
}

/** The configuration is wrong. Thrown before anything is opened or connected; lists every problem at once. */
export class ConfigError extends MillraceError {
  readonly code = 'CONFIG_INVALID';

  constructor(readonly problems: readonly ConfigProblem[]) {
    super(
      ['The configuration is invalid:', ...problems.map((problem) => `  - ${describeProblem(problem)}`)].join('\n'),
    );
  }
}

function describeProblem({ option, spellings, expected, found, source }: ConfigProblem): string {
  const names = spellings.length === 0 ? option : `${option} (${spellings.join(', ')})`;
  return `${names}: expected ${expected}; found ${found}${source === undefined ? '' : `, from ${source}`}`;
}
