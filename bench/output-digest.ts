import type { BenchContext } from './context';
import { numberOf, runJavaTool } from './java-tool';

/** What an engine wrote, in numbers that do not depend on the order of the records. */
interface OutputDigest {
  readonly records: number;
  /** Over all records. */
  readonly all: string;
  /** Over the last value of each key. */
  readonly last: string;
}

/** Reads the output of a finished run as a read_committed consumer. */
async function digestOutput(context: BenchContext, topic: string): Promise<OutputDigest> {
  const digest = await runJavaTool(context.classPath, 'OutputDigest', {
    brokers: context.cluster.brokers.join(','),
    topic,
  });
  return { records: numberOf(digest, 'records'), all: String(digest['all']), last: String(digest['last']) };
}

/** Holds every output of one input against the first one. */
export class SameOutput {
  private first: { readonly title: string; readonly digest: OutputDigest } | undefined;

  /** @param part - whether every record must be the same, or the last of each key: where an engine merges updates */
  constructor(private readonly part: 'all' | 'last') {}

  /**
   * Reads what an engine wrote.
   *
   * @returns the number of records
   * @throws Error when it is not what the first one was
   */
  async check(context: BenchContext, title: string, topic: string): Promise<number> {
    const digest = await digestOutput(context, topic);
    this.first ??= { title, digest };
    if (digest[this.part] === this.first.digest[this.part]) return digest.records;
    throw new Error(
      `the outputs differ: ${this.first.title} wrote ${JSON.stringify(this.first.digest)}, ${title} ${JSON.stringify(digest)}`,
    );
  }
}
