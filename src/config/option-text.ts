import type { OptionMeta } from './option';

/** The value that a flag's or an environment variable's text stands for. Text that is none stays text, and the schema refuses it. */
export function parseOptionText({ textForm }: OptionMeta, text: string): unknown {
  switch (textForm) {
    case 'number':
      return /^-?\d+(\.\d+)?$/.test(text) ? Number(text) : text;
    case 'boolean':
      return text === 'true' ? true : text === 'false' ? false : text;
    case 'text':
      return text;
  }
}
