import type { z } from 'zod';
import type { ConfigProblem } from './config-error';
import { nearestName } from './nearest-name';
import { findOption, holdsSecret, namesAt, type OptionDescription } from './option-list';

type Path = readonly string[];

/** Where values came from, by the name of the option. */
export type Origins = ReadonlyMap<string, string>;

/** A problem of a known option; `found` is its value. */
export function optionProblem(
  option: OptionDescription,
  expected: string,
  found: unknown,
  origins: Origins,
): ConfigProblem {
  return {
    option: option.name,
    spellings: [option.flag, option.environmentVariable],
    expected,
    found: holdsSecret(option.path) ? describeHidden(found) : describeFound(found),
    source: origins.get(option.name),
  };
}

/** Says what zod found wrong with `input` in terms of the options. */
export function problemsOf(issues: readonly z.core.$ZodIssue[], input: unknown, origins: Origins): ConfigProblem[] {
  const problems = issues.flatMap((issue) => problemsOfIssue(issue, [], input, origins));
  const seen = new Set<string>();
  return problems.filter(({ option }) => !seen.has(option) && seen.add(option));
}

function problemsOfIssue(issue: z.core.$ZodIssue, parent: Path, input: unknown, origins: Origins): ConfigProblem[] {
  const path = [...parent, ...issue.path.map(String)];
  if (issue.code === 'unrecognized_keys') return issue.keys.map((key) => unknownName([...path, key], origins));
  if (issue.code === 'invalid_union') {
    // The branch for objects is the one meant when the value is an object: its issues lie deeper than the value itself.
    const meant = issue.errors.find((branch) =>
      branch.every(({ path: deeper, code }) => deeper.length > 0 || code === 'unrecognized_keys'),
    );
    if (meant !== undefined) return meant.flatMap((inner) => problemsOfIssue(inner, path, input, origins));
  }
  const option = findOption(path) ?? findOption(path.slice(0, -1));
  const value = valueAt(input, option?.path ?? path);
  if (option !== undefined) return [optionProblem(option, option.expected, value, origins)];
  const name = path.length === 0 ? 'the configuration' : path.join('.');
  const expected = path.length === 0 ? 'an object of options' : `an object with ${namesAt(path).join(', ')}`;
  return [{ option: name, spellings: [], expected, found: describeHidden(value), source: origins.get(name) }];
}

function unknownName(path: Path, origins: Origins): ConfigProblem {
  const parent = path.slice(0, -1);
  const names = namesAt(parent);
  const nearest = nearestName(path.at(-1) ?? '', names);
  const expected = nearest === undefined ? `one of ${names.join(', ')}` : `'${[...parent, nearest].join('.')}'`;
  return {
    option: path.join('.'),
    spellings: [],
    expected,
    found: 'a name that is not an option',
    source: origins.get(path.join('.')),
  };
}

function valueAt(input: unknown, path: Path): unknown {
  return path.reduce<unknown>(
    (value, name) =>
      typeof value === 'object' && value !== null ? (value as Record<string, unknown>)[name] : undefined,
    input,
  );
}

function describeFound(value: unknown): string {
  if (value === undefined) return 'nothing';
  if (typeof value === 'string' || typeof value === 'boolean' || value === null || Array.isArray(value))
    return JSON.stringify(value);
  if (typeof value === 'number' || typeof value === 'bigint') return String(value);
  return describeHidden(value);
}

function describeHidden(value: unknown): string {
  if (value === undefined) return 'nothing';
  if (value === null) return 'null';
  if (value === '') return 'an empty string';
  const type = Array.isArray(value) ? 'array' : typeof value;
  return `${/^[aeiou]/.test(type) ? 'an' : 'a'} ${type} (hidden)`;
}
