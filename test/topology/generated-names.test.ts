import type { InvalidTopologyError } from '../../src';
import { GeneratedNamesError, serdes, stores, StreamsBuilder } from '../../src';
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
