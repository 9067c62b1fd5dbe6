import type { OutputRecord, Scenario, WindowStep } from '../scenario';

/** The window that a scenario aggregates by. */
export function windowIn({ graph }: Scenario): WindowStep {
  return graph.find(({ op }) => op === 'windowedBy')!['window'] as WindowStep;
}

/** Whether a scenario aggregates by windows of some types. */
export function hasWindow({ graph }: Scenario, types: readonly WindowStep['type'][]): boolean {
  return graph.some(({ op, window }) => op === 'windowedBy' && types.includes((window as WindowStep).type));
}

/** The windowed key as it is shown, or undefined where a record has none. */
export function windowedKey({ key }: OutputRecord): { readonly start: number; readonly end: number } | undefined {
  const [, start, end] = /@(\d+)\/(\d+)$/.exec(key ?? '') ?? [];
  return start === undefined || end === undefined ? undefined : { start: Number(start), end: Number(end) };
}

/**
 * Whether Kafka Streams may have forgotten the window of a record when it came out: its store keeps windows for their size and
 * grace, counted from their start to the latest time that was seen.
 */
export function mayBeForgotten(record: OutputRecord, scenario: Scenario): boolean {
  const window = windowedKey(record);
  if (window === undefined) return false;
  const { type, sizeMs = 0, timeDifferenceMs = 0, graceMs } = windowIn(scenario);
  const retentionMs = (type === 'sliding' ? timeDifferenceMs : sizeMs) + graceMs;
  return window.start <= latestTime(scenario, record.step) - retentionMs;
}

function latestTime({ steps }: Scenario, upTo: number): number {
  return Math.max(...steps.slice(0, upTo + 1).map((step) => ('topic' in step ? step.timestamp : 0)));
}
