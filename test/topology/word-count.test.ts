import { serdes } from '../../src/index';
import type { TopologyModule } from '../../src/index';
import wordCount, { words } from '../../topologies/word-count';
import { build } from './build';

test('is a topology module', () => {
  const module: TopologyModule = wordCount;
  expect(module).toBe(wordCount);
});

test('reads sentences and writes each word with its count as decimal text', () => {
  const { nodes } = build(wordCount);
  expect(nodes.get('source-1')).toMatchObject({ topics: [{ name: 'sentences', internal: false }] });
  expect(nodes.get('sink-1')).toMatchObject({
    topic: { name: 'word-counts', internal: false },
    keySerde: serdes.string,
    valueSerde: serdes.decimalText,
  });
});

test.each([
  ['Call me Ishmael.', ['call', 'me', 'ishmael']],
  ["Don't! 'Tis the dogs' bone", ["don't", 'tis', 'the', 'dogs', 'bone']],
  ['the don’t-care_set', ['the', 'don’t', 'care', 'set']],
  ['Straße, ÉTÉ, cafe\u0301, 日本 42', ['straße', 'été', 'cafe\u0301', '日本', '42']],
  [' -- ', []],
  ['', []],
])('finds the words of %j', (text, expected) => {
  expect(words(text)).toEqual(expected);
});
