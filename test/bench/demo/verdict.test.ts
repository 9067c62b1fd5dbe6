import { compareCounts } from '../../../bench/demo/verdict';

const expected = new Map([
  ['the', 1200],
  ['whale', 7],
]);

describe('the verdict of the demo', () => {
  it('passes when every word is equal and every update followed from the one before', () => {
    const { passed, lines } = compareCounts(new Map(expected), [], expected);
    expect(passed).toBe(true);
    expect(lines.join('\n')).toContain('All 2 words are equal: 1,207 occurrences');
  });

  it.each([
    ['was counted twice', [...expected, ['whale', 8]], 'whale 8 7 DIFFERENT'],
    ['is missing', [['the', 1200]], 'whale 0 7 DIFFERENT'],
    ['is not in the text', [...expected, ['ahab', 1]], 'ahab 1 0 DIFFERENT'],
  ])('fails, and shows the word, when a word %s', (_case, found, row) => {
    const { passed, lines } = compareCounts(new Map(found as [string, number][]), [], expected);
    expect(passed).toBe(false);
    expect(lines.map((line) => line.trim().replace(/ +/g, ' '))).toContain(row);
  });

  it('fails when an update was repeated, even if the last counts are equal', () => {
    const repeated = { word: 'whale', before: 6, found: '6', partition: 2, offset: 40 };
    const { passed, lines } = compareCounts(new Map(expected), [repeated], expected);
    expect(passed).toBe(false);
    expect(lines.join('\n')).toContain(
      "1 updates are WRONG, the first: 'whale' went from 6 to 6 (partition 2, offset 40)",
    );
  });
});
