import type { ConfigProblem } from './config-error';
import type { ConfigSource } from './merge-sources';
import { nearestName } from './nearest-name';
import { OPTIONS } from './option-list';
import { parseOptionText } from './option-text';

const PREFIX = 'MILLRACE_';

/**
 * Reads the options among the environment variables.
 *
 * A variable that is almost an option's is a typing error, and a problem. Others that begin with MILLRACE_ are left alone: platforms set
 * such names on their own, as Kubernetes does for a service called `millrace`.
 */
export function readEnvironment(
  environment: Readonly<Record<string, string | undefined>>,
  alsoKnown: readonly string[],
): ConfigSource {
  const values = OPTIONS.flatMap((option) => {
    const text = environment[option.environmentVariable];
    if (text === undefined || text === '') return [];
    const origin = `the environment variable ${option.environmentVariable}`;
    return [{ path: option.path, value: parseOptionText(option, text), origin }];
  });
  const known = [...OPTIONS.map((option) => option.environmentVariable), ...alsoKnown];
  const problems = Object.keys(environment)
    .filter((name) => name.startsWith(PREFIX) && !known.includes(name))
    .flatMap((name): ConfigProblem[] => {
      const nearest = nearestName(name, known, 2);
      return nearest === undefined
        ? []
        : [
            {
              option: name,
              spellings: [],
              expected: `'${nearest}'`,
              found: 'an environment variable that is not an option',
            },
          ];
    });
  return { values, problems };
}
