/**
 * The user functions of a scenario, as data: `"$name"` is a variable, any other text is itself, an array is an operation on
 * expressions. Its counterpart is `java/millrace/oracle/Expression.java`: both must give the same for every expression.
 *
 * @example
 * ['if', ['startsWith', '$value', 'x'], null, ['concat', '$aggregate', ',', '$value']]
 */
export type Expression = string | null | readonly [operation: Operation, ...operands: Expression[]];

type Operation =
  | 'if'
  | 'isNull'
  | 'not'
  | 'and'
  | 'or'
  | 'concat'
  | 'upper'
  | 'length'
  | 'add'
  | 'subtract'
  | 'less'
  | 'max'
  | 'equals'
  | 'startsWith'
  | 'contains'
  | 'prefix'
  | 'field'
  | 'split'
  | 'bucket'
  | 'remove';

/** By name, with the `$`. Values may be texts, numbers, windowed keys, null and undefined. */
export type Variables = Readonly<Record<string, unknown>>;

/** How a key or value is shown and written: null and undefined as `null`, a windowed key as `key@start/end`. */
export function textOf(value: unknown): string {
  if (value === null || value === undefined) return 'null';
  if (typeof value === 'string') return value;
  if (typeof value === 'object' && 'start' in value && 'end' in value && 'key' in value) {
    return `${textOf(value.key)}@${textOf(value.start)}/${textOf(value.end)}`;
  }
  return typeof value === 'number' ? String(value) : JSON.stringify(value);
}

/** A text, or null. */
export function evaluateText(expression: Expression, variables: Variables): string | null {
  const value = evaluate(expression, variables);
  return value === null || value === undefined ? null : textOf(value);
}

export function evaluateTest(expression: Expression, variables: Variables): boolean {
  return evaluate(expression, variables) as boolean;
}

export function evaluateParts(expression: Expression, variables: Variables): string[] {
  return evaluate(expression, variables) as string[];
}

function evaluate(expression: Expression, variables: Variables): unknown {
  if (expression === null) return null;
  if (typeof expression === 'string') {
    if (!expression.startsWith('$')) return expression;
    if (!(expression in variables)) throw new Error(`no variable ${expression}`);
    return variables[expression];
  }
  const [operation, ...operands] = expression;
  const raw = (index: number): unknown => evaluate(operands[index]!, variables);
  const text = (index: number): string => textOf(raw(index));
  switch (operation) {
    case 'if':
      return raw(0) === true ? raw(1) : raw(2);
    case 'isNull':
      return raw(0) === null || raw(0) === undefined;
    case 'not':
      return raw(0) !== true;
    case 'and':
      return raw(0) === true && raw(1) === true;
    case 'or':
      return raw(0) === true || raw(1) === true;
    case 'concat':
      return operands.map((_, index) => text(index)).join('');
    case 'upper':
      return text(0).toUpperCase();
    case 'length':
      return String(text(0).length);
    case 'add':
      return String(numberOf(text(0)) + numberOf(text(1)));
    case 'subtract':
      return String(numberOf(text(0)) - numberOf(text(1)));
    case 'less':
      return numberOf(text(0)) < numberOf(text(1));
    case 'max':
      return text(0) >= text(1) ? text(0) : text(1);
    case 'equals':
      return text(0) === text(1);
    case 'startsWith':
      return text(0).startsWith(text(1));
    case 'contains':
      return text(0).includes(text(1));
    case 'prefix':
      return text(0).slice(0, numberOf(text(1)));
    case 'field':
      return text(0).split(text(1))[numberOf(text(2))] ?? '';
    case 'split':
      return text(0).split(text(1));
    case 'bucket':
      return String([...text(0)].reduce((sum, unit) => sum + unit.charCodeAt(0), 0) % numberOf(text(1)));
    case 'remove':
      return text(0).replace(text(1), () => '');
  }
}

function numberOf(text: string): number {
  return /^-?[0-9]{1,15}$/.test(text) ? Number(text) : 0;
}
