import { readFileSync } from 'node:fs';
import path from 'node:path';
import type { StreamsBuilder } from '../../src';
import { serdes, stores } from '../../src';
import { text } from '../topology/build';
import { results, type Row } from './results';

/** An example of the documentation: code that writes a topology, and lines `topic key=value@time -> results`. */
interface Example {
  readonly heading: string;
  readonly code: string;
  readonly lines: readonly string[];
}

const documentation = readFileSync(path.join(__dirname, '../../docs/dsl-parts/tables.md'), 'utf8');

function examples(): Example[] {
  return documentation.split(/^## /m).flatMap((section) =>
    [...section.matchAll(/```ts\n(.*?)```\s*```text\n(.*?)```/gs)].map(([, code, lines]) => ({
      heading: section.slice(0, section.indexOf('\n')),
      code: code!,
      lines: lines!.trim().split('\n'),
    })),
  );
}

function rowOf(line: string): Row {
  const [, topic, key, value, timestamp] = /^(\S+) (\w+)=(\S+)@(\d+)/.exec(line)!;
  const orNull = (shown: string): string | null => (shown === 'null' ? null : shown);
  return [topic!, orNull(key!), orNull(value!), Number(timestamp)];
}

describe('the examples of the documentation of tables', () => {
  it('are all found', () => {
    expect(examples().length).toBe(documentation.match(/```ts/g)!.length);
  });

  it.each(examples().map((example) => [example.heading, example] as const))('%s', async (_heading, { code, lines }) => {
    // eslint-disable-next-line @typescript-eslint/no-implied-eval -- the code is that of the documentation
    const write = new Function('builder', 'text', 'serdes', 'stores', code) as (...known: unknown[]) => void;
    expect(await results((builder: StreamsBuilder) => write(builder, text, serdes, stores), lines.map(rowOf))).toEqual(
      lines.map((line) => line.slice(line.indexOf('->') + 2).trim()),
    );
  });
});
