/** What a process of the service says of itself on `/metrics`. It begins at zero, as the process does. */
export interface ServiceMetrics {
  /** Records taken from the input topics, the repartition topic included. */
  readonly recordsIn: number;
  readonly commits: number;
  /** Records between what was fetched and the end of the partition, in all input partitions. */
  readonly lag: number;
}

const ANSWER_TIMEOUT_MS = 2_000;

/** Asks a process for its metrics; undefined when it does not answer, as one that was just killed does not. */
export async function fetchMetrics(port: number): Promise<ServiceMetrics | undefined> {
  try {
    const response = await fetch(`http://127.0.0.1:${port}/metrics`, {
      signal: AbortSignal.timeout(ANSWER_TIMEOUT_MS),
    });
    return parseMetrics(await response.text());
  } catch {
    return undefined;
  }
}

/** Reads what Prometheus would read. */
export function parseMetrics(text: string): ServiceMetrics {
  return {
    recordsIn: sum(text, 'millrace_records_in_total'),
    commits: sum(text, 'millrace_commits_total'),
    lag: sum(text, 'millrace_lag_records'),
  };
}

/** Adds the samples of a metric over all its labels. */
function sum(text: string, metric: string): number {
  const samples = text.matchAll(new RegExp(`^${metric}(?:\\{.*\\})? (\\S+)`, 'gm'));
  return [...samples].reduce((total, [, value]) => total + Number(value), 0);
}
