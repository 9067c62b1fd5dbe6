import { describe as describeTopology, describeMermaid, serdes, stores } from '../../src/index';
import type { Processor } from '../../src/index';
import wordCount from '../../topologies/word-count';
import { build, text } from './build';

const supplier = (): Processor<string, string, string, string> => ({ process: () => undefined });

const counting = build(wordCount);
const branching = build((builder) => {
  builder.addStore(stores.keyValue({ name: 'seen', ...text, backend: 'memory', changelog: false }));
  const { fresh, other } = builder
    .stream(['orders', 'returns'], { ...text, name: 'sales' })
    .processValues<string>(supplier, { stores: ['seen'], name: 'recognise' })
    .split({ name: 'kinds' })
    .branch('fresh', () => true)
    .defaultBranch('other');
  fresh.merge(other).to((_key, value) => value, { value: serdes.string, name: 'by-value' });
  other.forEach(() => undefined);
});

test('text names what each subtopology reads, does, keeps and writes', () => {
  expect(describeTopology(counting)).toBe(
    `
Topologies:
  Sub-topology: 0
    Source: source-1 (topics: [sentences])
      --> flatMapValues-1
    Processor: flatMapValues-1 (stores: [])
      --> groupBy-1
      <-- source-1
    Processor: groupBy-1 (stores: [])
      --> counts-repartition-sink
      <-- flatMapValues-1
    Sink: counts-repartition-sink (topic: counts-repartition)
      <-- groupBy-1

  Sub-topology: 1
    Source: counts-repartition-source (topics: [counts-repartition])
      --> count-1
    Processor: count-1 (stores: [counts])
      --> toStream-1
      <-- counts-repartition-source
    Processor: toStream-1 (stores: [])
      --> sink-1
      <-- count-1
    Sink: sink-1 (topic: word-counts)
      <-- toStream-1
    Store: counts (timestamped-key-value, rocksdb, changelog: counts-changelog)
`.trim(),
  );
});

test('text shows several topics, parents and children, a computed topic, and a store without changelog', () => {
  expect(describeTopology(branching)).toBe(
    `
Topologies:
  Sub-topology: 0
    Source: sales (topics: [orders, returns])
      --> recognise
    Processor: recognise (stores: [seen])
      --> kinds
      <-- sales
    Processor: kinds (stores: [])
      --> kinds-fresh, kinds-other
      <-- recognise
    Processor: kinds-fresh (stores: [])
      --> merge-1
      <-- kinds
    Processor: kinds-other (stores: [])
      --> merge-1, forEach-1
      <-- kinds
    Processor: merge-1 (stores: [])
      --> by-value
      <-- kinds-fresh, kinds-other
    Sink: by-value (topic: chosen for each record)
      <-- merge-1
    Processor: forEach-1 (stores: [])
      --> none
      <-- kinds-other
    Store: seen (key-value, memory, no changelog)
`.trim(),
  );
});

test('Mermaid draws subtopologies as boxes, stores as cylinders, and topics outside', () => {
  expect(describeMermaid(counting)).toBe(
    `
flowchart TD
  subgraph subtopology0["Sub-topology 0"]
    node1["source-1"]
    node2["flatMapValues-1"]
    node3["groupBy-1"]
    node4["counts-repartition-sink"]
  end
  subgraph subtopology1["Sub-topology 1"]
    node5["counts-repartition-source"]
    node6["count-1"]
    node7["toStream-1"]
    node8["sink-1"]
    store1[("counts")]
  end
  topic1(["sentences"])
  topic2(["counts-repartition"])
  topic3(["word-counts"])
  topic4(["counts-changelog"])
  topic1 --> node1
  node1 --> node2
  node2 --> node3
  node3 --> node4
  node4 --> topic2
  topic2 --> node5
  node5 --> node6
  node6 --- store1
  node6 --> node7
  node7 --> node8
  node8 --> topic3
  store1 -.-> topic4
`.trim(),
  );
});

test('Mermaid draws a store without changelog alone, and a computed topic as what it is', () => {
  expect(describeMermaid(branching)).toBe(
    `
flowchart TD
  subgraph subtopology0["Sub-topology 0"]
    node1["sales"]
    node2["recognise"]
    node3["kinds"]
    node4["kinds-fresh"]
    node5["kinds-other"]
    node6["merge-1"]
    node7["by-value"]
    node8["forEach-1"]
    store1[("seen")]
  end
  topic1(["orders"])
  topic2(["returns"])
  target1(["chosen for each record"])
  topic1 --> node1
  topic2 --> node1
  node1 --> node2
  node2 --- store1
  node2 --> node3
  node3 --> node4
  node3 --> node5
  node4 --> node6
  node5 --> node6
  node5 --> node8
  node6 --> node7
  node7 --> target1
`.trim(),
  );
});
