import type { StreamsBuilder } from 'millrace';
import { serdes } from 'millrace';

/** Letters with their marks, and digits; within a word, not at its ends, also apostrophes, straight or curved. */
const WORD = /[\p{L}\p{M}\p{N}]+(?:['’][\p{L}\p{M}\p{N}]+)*/gu;

/** The words of a text, in lower case. */
export function words(text: string): readonly string[] {
  return text.toLowerCase().match(WORD) ?? [];
}

/** Counts how often each word occurs in the texts of `sentences`, and writes each new count to `word-counts` as decimal text. */
export default function wordCount(builder: StreamsBuilder): void {
  builder
    .stream('sentences', { key: serdes.string, value: serdes.string })
    .flatMapValues((sentence) => words(sentence))
    .groupBy((_key, word) => word, { key: serdes.string, value: serdes.string })
    .count('counts')
    .toStream()
    .to('word-counts', { value: serdes.decimalText });
}
