import { evaluateParts, evaluateTest, evaluateText, type Expression, type Variables } from './expression';

type Json = Readonly<Record<string, unknown>>;

/** One node of a scenario's graph, read with checks: its operator and that operator's parameters. */
export class Step {
  constructor(private readonly json: Json) {}

  get operator(): string {
    return this.text('op');
  }

  get id(): string {
    return this.text('id');
  }

  /** The name of the node's store. */
  get store(): string {
    return this.has('store') ? this.text('store') : `${this.id}-store`;
  }

  has(parameter: string): boolean {
    return this.json[parameter] !== undefined && this.json[parameter] !== null;
  }

  text(parameter: string): string {
    const value = this.json[parameter];
    if (typeof value !== 'string') throw this.missing(parameter);
    return value;
  }

  number(parameter: string): number {
    const value = this.json[parameter];
    if (typeof value !== 'number') throw this.missing(parameter);
    return value;
  }

  numberIfAny(parameter: string): number | undefined {
    return this.has(parameter) ? this.number(parameter) : undefined;
  }

  flag(parameter: string): boolean {
    return this.json[parameter] === true;
  }

  /** Whether the flag is there and false. */
  refuses(parameter: string): boolean {
    return this.json[parameter] === false;
  }

  part(parameter: string): Step {
    if (!this.has(parameter)) throw this.missing(parameter);
    return new Step(this.json[parameter] as Json);
  }

  parts(parameter: string): Step[] {
    if (!Array.isArray(this.json[parameter])) throw this.missing(parameter);
    return (this.json[parameter] as Json[]).map((part) => new Step(part));
  }

  /** A function of the user's that gives a text or null. */
  expression(parameter: string): (variables: Variables) => string | null {
    const expression = this.expressionOf(parameter);
    return (variables) => evaluateText(expression, variables);
  }

  predicate(parameter: string): (variables: Variables) => boolean {
    const expression = this.expressionOf(parameter);
    return (variables) => evaluateTest(expression, variables);
  }

  list(parameter: string): (variables: Variables) => string[] {
    const expression = this.expressionOf(parameter);
    return (variables) => evaluateParts(expression, variables);
  }

  private expressionOf(parameter: string): Expression {
    const expression = this.json[parameter];
    if (expression === undefined) throw this.missing(parameter);
    return expression as Expression;
  }

  private missing(parameter: string): Error {
    return new Error(`no ${parameter} in ${JSON.stringify(this.json)}`);
  }
}
