import type { InvalidTopologyError } from '../../src';
import { GeneratedNamesError, serdes, stores, StreamsBuilder, suppress, windows } from '../../src';
import { build, text } from './build';

function refused(write: (builder: StreamsBuilder) => void): readonly string[] {
  const builder = new StreamsBuilder({ ensureExplicitNames: true });
  write(builder);
  try {
    builder.build();
  } catch (error) {
    const problems = (error as InvalidTopologyError).problems.filter(
      (problem): problem is GeneratedNamesError => problem instanceof GeneratedNamesError,
    );
    return problems.flatMap(({ names }) => names.map(({ kind, name, node }) => `${kind} ${name} of ${node}`));
  }
  return [];
}

describe('ensureExplicitNames', () => {
  it('refuses every generated name of a store, a changelog or a repartition topic, and lists them all', () => {
    const write = (builder: StreamsBuilder): void => {
      const lines = builder.stream('in', text);
      lines.groupBy((_key, value) => value, { key: serdes.string }).count();
      lines.groupByKey().reduce((_one, other) => other, { changelog: false });
      lines.repartition().to('out');
    };
    expect(refused(write)).toEqual([
      'store count-1-store of count-1',
      'changelog topic count-1-store-changelog of count-1',
      'store reduce-1-store of reduce-1',
      'repartition topic count-1-store-repartition of count-1',
      'repartition topic repartition-1-repartition of repartition-1',
    ]);
    const builder = new StreamsBuilder({ ensureExplicitNames: true });
    write(builder);
    expect(() => builder.build()).toThrow(
      "repartition topic 'repartition-1-repartition' of node 'repartition-1'\nGive the operator a { store } or a { name }",
    );
    expect(build(write).generatedNames).toHaveLength(5);
  });

  it('lists those of tables, joins, windows and processors too', () => {
    const names = refused((builder) => {
      const lines = builder.stream('in', text);
      const other = builder.stream('other', text);
      const tables = [builder.table('left', text), builder.table('right', text)] as const;
      lines.join(other, (one) => one, windows.join({ timeDifferenceMs: 1, graceMs: 0 }));
      lines.deduplicate({ withinMs: 1 });
      lines
        .groupByKey()
        .windowedBy(windows.tumbling({ sizeMs: 1, graceMs: 0 }))
        .count()
        .suppress(suppress.untilWindowCloses({}));
      tables[0].groupBy((key, value): [string, string] => [value, key], text).count();
      tables[0].join(
        tables[1],
        (value) => value,
        (one: string) => one,
      );
      lines.process(() => ({ process: () => undefined, onTimer: () => undefined }), { timers: true });
    });
    expect(names.filter((line) => !line.startsWith('changelog')).sort()).toEqual([
      'repartition topic foreignKeyTableJoin-1-response-repartition of foreignKeyTableJoin-1',
      'repartition topic foreignKeyTableJoin-1-subscription-repartition of foreignKeyTableJoin-1',
      'repartition topic tableCount-1-store-repartition of tableCount-1',
      'store count-1-store of count-1',
      'store deduplicate-1-store of deduplicate-1',
      'store foreignKeyTableJoin-1-subscriptions of foreignKeyTableJoin-1',
      'store join-1-left-store of join-1',
      'store join-1-right-store of join-1',
      'store process-1-timers of process-1',
      'store suppress-1-store of suppress-1',
      'store table-1-store of table-1',
      'store table-2-store of table-2',
      'store tableCount-1-store of tableCount-1',
    ]);
  });

  it('takes names that are given to the store, the operator, the group or the repartition', () => {
    expect(
      refused((builder) => {
        const lines = builder.stream('in', text);
        lines.groupBy((_key, value) => value, { key: serdes.string, name: 'by-value' }).count('counts');
        lines.groupByKey().count({ name: 'per-key' });
        lines.repartition({ name: 'moved' }).to('out');
        builder.addStore(stores.keyValue({ name: 'balances', ...text }));
        lines.process(() => ({ process: () => undefined }), { stores: ['balances'] });
      }),
    ).toEqual([]);
  });

  it('does not mind generated names of nodes that have neither a store nor a topic', () => {
    expect(
      refused((builder) =>
        builder
          .stream('in', text)
          .mapValues((value) => value)
          .filter(() => true)
          .to('out', text),
      ),
    ).toEqual([]);
  });
});
