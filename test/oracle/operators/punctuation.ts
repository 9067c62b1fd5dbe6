import type { ProcessorContext } from '../../../src';
import type { KeyValueStore } from '../../../src';
import type { Step } from '../step';

/** Has a processor forward one record for each key of its store, again and again. For the processor of process.ts. */
export function schedulePunctuation(
  step: Step,
  context: ProcessorContext<string, string | null>,
  states: KeyValueStore<string, string>,
): void {
  const output = step.expression('output');
  const type = step.text('time') === 'stream' ? 'stream-time' : 'wall-clock-time';
  context.schedule(step.number('everyMs'), type, async (timestamp) => {
    const entries: (readonly [string, string])[] = [];
    for await (const entry of states.all()) entries.push(entry);
    for (const [key, state] of entries) {
      await context.forward(key, output({ $key: key, $state: state }), { timestamp });
      if (step.flag('clear')) states.delete(key);
    }
  });
}
