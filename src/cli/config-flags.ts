import { type Command, Option } from 'commander';
import { OPTIONS, type OptionDescription } from '../config/option-list';

/**
 * Adds a flag for every option of the configuration; for one that is true or false, also its opposite.
 *
 * @param isShown - whether `--help` lists the flag. The others are taken too: a command that needs few options can be given all that
 *   `run` was given. Default: all are shown
 */
export function addConfigFlags(
  command: Command,
  isShown: (option: OptionDescription) => boolean = () => true,
): Command {
  for (const option of OPTIONS) {
    const hidden = !isShown(option);
    command.addOption(toFlag(option).hideHelp(hidden));
    if (option.textForm === 'boolean') {
      const opposite = new Option(option.flag.replace('--', '--no-'), `The opposite of ${option.flag}.`);
      command.addOption(opposite.hideHelp(hidden));
    }
  }
  return command;
}

/** The texts of the flags that were given, by the names of their options. */
export function givenFlags(command: Command): Record<string, string> {
  const values: Record<string, string | boolean | undefined> = command.opts();
  return Object.fromEntries(
    OPTIONS.flatMap((option) => {
      const value = values[toFlag(option).attributeName()];
      return value === undefined ? [] : [[option.name, String(value)]];
    }),
  );
}

function toFlag(option: OptionDescription): Option {
  const value = option.textForm === 'boolean' ? '' : ` <${valueName(option)}>`;
  return new Option(`${option.flag}${value}`, `${option.description} ${describeDefault(option)}`);
}

function valueName({ textForm, type }: OptionDescription): string {
  if (textForm === 'number') return 'number';
  return type.includes("' | '") ? type.replaceAll("'", '').replaceAll(' ', '') : 'text';
}

function describeDefault({ required, defaultText, defaultValue, environmentVariable }: OptionDescription): string {
  const fallback = defaultText ?? (defaultValue === undefined ? undefined : String(defaultValue));
  const parts = [
    required ? 'required' : fallback === undefined ? undefined : `default: ${fallback}`,
    `env: ${environmentVariable}`,
  ];
  return `(${parts.filter((part) => part !== undefined).join('; ')})`;
}
