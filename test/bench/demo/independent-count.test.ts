import fc from 'fast-check';
import { IndependentCount } from '../../../bench/demo/independent-count';
import { readLibrary, type Chapter } from '../../../bench/demo/library';
import { words } from '../../../topologies/word-count';

describe('the independent count of the demo', () => {
  it('counts every word of the library as often as the topology finds it in the sentences', () => {
    const library = readLibrary();
    expect(differences(library)).toEqual([]);
    expect(independent(library).total).toBeGreaterThan(2_000_000);
  }, 120_000);

  it('counts a text that is fed twice twice', () => {
    const count = new IndependentCount();
    count.add('Call me Ishmael.');
    count.add('Call me Ishmael.');
    expect(count.counts).toEqual(new Map(Object.entries({ call: 2, me: 2, ishmael: 2 })));
    expect(count.total).toBe(6);
  });

  it("takes apostrophes for a part of a word only between two letters, as the topology's words do", () => {
    const piece = fc.constantFrom('a', 'Bc', 'é', 'e\u0301', '7', "'", '’', ' ', '.', '-', '\n', '—', '"');
    const texts = fc.array(piece, { maxLength: 30 }).map((pieces) => pieces.join(''));
    fc.assert(
      fc.property(texts, (text) => {
        expect(differences([{ title: 'any', text, sentences: [text] }])).toEqual([]);
      }),
    );
  });
});

function independent(chapters: readonly Chapter[]): IndependentCount {
  const count = new IndependentCount();
  for (const { text } of chapters) count.add(text);
  return count;
}

/** The words on which the topology and the independent count disagree. */
function differences(chapters: readonly Chapter[]): string[] {
  const { counts } = independent(chapters);
  const found = new Map<string, number>();
  for (const word of chapters.flatMap(({ sentences }) => sentences.flatMap(words))) {
    found.set(word, (found.get(word) ?? 0) + 1);
  }
  return [...new Set([...counts.keys(), ...found.keys()])].filter((word) => counts.get(word) !== found.get(word));
}
