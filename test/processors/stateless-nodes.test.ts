import { serdes } from '../../src/serde/serdes';
import type { KStream } from '../../src/topology/dsl';
import { StreamsBuilder } from '../../src/topology/streams-builder';
import type { InputRecord } from '../task/support/array-cursor';
import { TaskRun, type OutputRecord } from '../task/support/task-run';

type Lines = KStream<string | null, string | null>;

const text = { key: serdes.string, value: serdes.string };

/** Keys, values and timestamps of what a topology writes to the topic `out` for records of the topic `in`. */
async function run(
  describe: (lines: Lines) => void,
  records: readonly InputRecord[],
): Promise<readonly OutputRecord[]> {
  const builder = new StreamsBuilder();
  describe(builder.stream('in', text) as Lines);
  const task = await TaskRun.open(builder.build());
  await task.add('in', records).process();
  return task.output('out');
}

const pairs = (records: readonly OutputRecord[]): string[] => records.map(({ key, value }) => `${key}=${value}`);

const abc: readonly InputRecord[] = [
  { key: 'a', value: '1', timestamp: 10 },
  { key: 'b', value: '2', timestamp: 20 },
  { key: 'c', value: '3', timestamp: 30 },
];

describe('stateless operators', () => {
  it('filter keeps and filterNot drops what the predicate holds for', async () => {
    expect(
      pairs(await run((lines) => lines.filter((_key, value) => Number(value) === 2).to('out', text), abc)),
    ).toEqual(['b=2']);
    expect(pairs(await run((lines) => lines.filterNot((_key, value) => value === '2').to('out', text), abc))).toEqual([
      'a=1',
      'c=3',
    ]);
  });

  it('filter and filterNot take anything for false that JavaScript does', async () => {
    const falsy = [undefined, null, 0, '', NaN] as unknown as boolean[];
    let next = 0;
    const records = falsy.map((_, index) => ({ key: `${index}`, value: 'x' }));
    expect(await run((lines) => lines.filter(() => falsy[next++]!).to('out', text), records)).toEqual([]);
    next = 0;
    expect(await run((lines) => lines.filterNot(() => falsy[next++]!).to('out', text), records)).toHaveLength(5);
  });

  it('map replaces key and value, mapValues the value, selectKey the key', async () => {
    expect(pairs(await run((lines) => lines.map((key, value) => [`${value}`, `${key}`]).to('out', text), abc))).toEqual(
      ['1=a', '2=b', '3=c'],
    );
    expect(pairs(await run((lines) => lines.mapValues((value, key) => `${key}${value}`).to('out', text), abc))).toEqual(
      ['a=a1', 'b=b2', 'c=c3'],
    );
    expect(pairs(await run((lines) => lines.selectKey((key, value) => `${value}${key}`).to('out', text), abc))).toEqual(
      ['1a=1', '2b=2', '3c=3'],
    );
  });

  it('flatMap and flatMapValues replace a record by any number of others, from arrays, sets and generators', async () => {
    const repeat = function* (value: string | null): Generator<string> {
      for (let n = 0; n < Number(value); n++) yield `${value}.${n}`;
    };
    expect(pairs(await run((lines) => lines.flatMapValues(repeat).to('out', text), abc))).toEqual([
      'a=1.0',
      'b=2.0',
      'b=2.1',
      'c=3.0',
      'c=3.1',
      'c=3.2',
    ]);
    const swap = (key: string | null, value: string | null): Set<readonly [string, string]> =>
      new Set(key === 'b' ? [] : [[`${value}`, `${key}`]]);
    expect(pairs(await run((lines) => lines.flatMap(swap).to('out', text), abc))).toEqual(['1=a', '3=c']);
  });

  it('peek sees each record and hands it on, forEach ends the stream', async () => {
    const seen: string[] = [];
    const output = await run(
      (lines) => {
        const peeked = lines.peek((key, value) => seen.push(`peek ${key}${value}`));
        peeked.forEach((key, value) => seen.push(`each ${key}${value}`));
        peeked.to('out', text);
      },
      abc.slice(0, 2),
    );
    expect(pairs(output)).toEqual(['a=1', 'b=2']);
    expect(seen).toEqual(['peek a1', 'each a1', 'peek b2', 'each b2']);
  });

  it('merge hands on the records of both streams, once each', async () => {
    const output = await run(
      (lines) => {
        const upper = lines.mapValues((value) => `upper ${value}`);
        lines
          .mapValues((value) => `lower ${value}`)
          .merge(upper)
          .to('out', text);
      },
      abc.slice(0, 1),
    );
    expect(pairs(output).sort()).toEqual(['a=lower 1', 'a=upper 1']);
  });

  it('a record goes to the first branch whose predicate holds, else to the default one', async () => {
    const output = await run((lines) => {
      const branches = lines
        .split()
        .branch('small', (_key, value) => Number(value) < 2)
        .branch('odd', (_key, value) => Number(value) % 2 === 1)
        .defaultBranch('rest');
      for (const [name, branch] of Object.entries(branches)) branch.mapValues((v) => `${name} ${v}`).to('out', text);
    }, abc);
    expect(pairs(output)).toEqual(['a=small 1', 'b=rest 2', 'c=odd 3']);
  });

  it('a record that no branch takes is dropped where there is no default branch', async () => {
    const output = await run((lines) => {
      const { small } = lines
        .split()
        .branch('small', (_key, value) => Number(value) < 2)
        .noDefaultBranch();
      small.to('out', text);
    }, abc);
    expect(pairs(output)).toEqual(['a=1']);
  });

  it('null keys and values pass through, as null and not as text', async () => {
    const records = [
      { key: null, value: 'v' },
      { key: 'k', value: null },
      { key: null, value: null },
    ];
    const seen: unknown[] = [];
    const output = await run((lines) => lines.peek((key, value) => seen.push([key, value])).to('out', text), records);
    expect(seen).toEqual([
      [null, 'v'],
      ['k', null],
      [null, null],
    ]);
    expect(output.map(({ key, value }) => [key, value])).toEqual(seen);
  });

  it('undefined is written as null', async () => {
    const output = await run(
      (lines) => lines.map(() => [undefined, undefined] as unknown as [string, string]).to('out', text),
      [{ key: 'k', value: 'v' }],
    );
    expect(output[0]).toMatchObject({ key: null, value: null });
  });

  it('timestamps go along with the records', async () => {
    const output = await run((lines) => lines.flatMap((k, v) => [[`${v}`, `${k}`] as const]).to('out', text), abc);
    expect(output.map(({ timestamp }) => timestamp)).toEqual([10, 20, 30]);
  });
});
