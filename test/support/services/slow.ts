import { setTimeout as pause } from 'node:timers/promises';
import { serdes } from '../../../src/serde/serdes';
import type { StreamsBuilder } from '../../../src/topology/streams-builder';

/** Hands every record on after some time, as a processor does that asks another service. */
export default function slow(
  builder: StreamsBuilder,
  parameters: { readonly input: string; readonly output: string; readonly milliseconds: string },
): void {
  builder
    .stream(parameters.input, { key: serdes.string, value: serdes.string })
    .processValues<string>(() => {
      let forward: (key: string, value: string) => void | Promise<void>;
      return {
        init: (context) => {
          forward = (key, value) => context.forward(key, value);
        },
        process: async ({ key, value }) => {
          await pause(Number(parameters.milliseconds));
          await forward(key, value.slice(0, 20));
        },
      };
    })
    .to(parameters.output, { value: serdes.string });
}
