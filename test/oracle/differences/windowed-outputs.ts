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
 * Whether the store of Kafka Streams may have forgotten the window of a record when it came out. It keeps a window for its size and
 * grace, counted from its start up to the latest start that was stored.
 */
export function mayBeForgotten(record: OutputRecord, scenario: Scenario): boolean {
  const window = windowedKey(record);
  if (window === undefined) return false;
  const { type, sizeMs = 0, advanceMs = sizeMs, timeDifferenceMs = 0, graceMs } = windowIn(scenario);
  const time = latestTime(scenario, record.step);
  // The latest sliding window may begin at any time up to then, as other records are near.
  if (type === 'sliding') return window.start <= time - timeDifferenceMs - graceMs;
  return window.start <= Math.floor(time / advanceMs) * advanceMs - sizeMs - graceMs;
}

/** The latest time of a record that reaches the windows, up to a step: one with a key, unless records are given others. */
export function latestTime({ graph, steps }: Scenario, upTo: number): number {
  const givesKeys = graph.some(({ op }) => op === 'groupBy' || op === 'selectKey');
  return Math.max(
    ...steps
      .slice(0, upTo + 1)
      .map((step) => ('topic' in step && (givesKeys || step.key !== null) ? step.timestamp : 0)),
  );
}
