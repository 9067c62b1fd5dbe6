import { serdes } from '../../../src/serde/serdes';
import type { ProcessorContext } from '../../../src/topology/processor-api';
import type { StreamsBuilder } from '../../../src/topology/streams-builder';

/** Answers each record at once with the stream time, and again by the wall clock after as many milliseconds as its value says. */
export default function reminders(
  builder: StreamsBuilder,
  parameters: { readonly input: string; readonly output: string },
): void {
  builder
    .stream(parameters.input, { key: serdes.string, value: serdes.string })
    .processValues<string>(
      () => {
        let context!: ProcessorContext<string, string>;
        return {
          init: (own) => void (context = own),
          process: ({ key, value }) => {
            context.timers.registerProcessingTimeTimer(context.wallClockTime() + Number(value));
            return context.forward(key, `at ${context.streamTime()}`);
          },
          onTimer: (_timestamp, { currentKey }) => context.forward(currentKey, 'reminded'),
        };
      },
      { name: 'remind', timers: true },
    )
    .to(parameters.output, { value: serdes.string });
}
