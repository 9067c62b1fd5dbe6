import { MeasuredProcess } from './measured-process';

type Event = Readonly<Record<string, unknown>>;

/** Runs one of the tools of bench/peer to its end and gives the last event that it printed. */
export async function runJavaTool(
  classPath: string,
  tool: 'LoadGenerator' | 'FinalCounts' | 'LatencyProbe' | 'OutputDigest',
  options: Readonly<Record<string, string | number>>,
): Promise<Event> {
  const args = Object.entries(options).flatMap(([name, value]) => [`--${name}`, String(value)]);
  let last: Event = {};
  const java = { command: 'java', args: ['-cp', classPath, `millrace.bench.${tool}`, ...args], env: {} };
  await new MeasuredProcess(tool, java, (event) => (last = event)).finished();
  return last;
}

/** A numeric field of an event. */
export function numberOf(event: Event, field: string): number {
  const value = event[field];
  if (typeof value !== 'number') throw new Error(`an event has no number '${field}': ${JSON.stringify(event)}`);
  return value;
}
