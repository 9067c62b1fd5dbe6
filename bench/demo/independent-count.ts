const BETWEEN_WORDS = /[^\p{L}\p{M}\p{N}'’]+|['’]{2,}/u;
const APOSTROPHE_AT_AN_END = /^['’]|['’]$/g;

/**
 * The words of texts, counted without Kafka, without Millrace and without the topology's own rule for what a word is: that one
 * looks for words in sentences, this one cuts the published text at everything else.
 */
export class IndependentCount {
  readonly counts = new Map<string, number>();
  /** The sum of all counts. */
  total = 0;

  add(text: string): void {
    for (const piece of text.split(BETWEEN_WORDS)) {
      const word = piece.replace(APOSTROPHE_AT_AN_END, '').toLowerCase();
      if (word === '') continue;
      this.counts.set(word, (this.counts.get(word) ?? 0) + 1);
      this.total++;
    }
  }
}
