import { InvalidArgumentError } from 'commander';

/** Reads an integer of a command line. */
export function integer(low: number, high: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (!Number.isInteger(value) || value < low || value > high) {
      throw new InvalidArgumentError(`an integer from ${low} to ${high} is needed.`);
    }
    return value;
  };
}
