import { serdes, type Serde } from '../../../src';
import type { Step } from '../step';
import { text } from '../text-serde';

/** How a sink writes its keys: as texts, or windowed keys as Kafka Streams writes them. */
export function sinkKeys(step: Step): Serde<string> {
  if (!step.has('keys')) return text;
  // The size is for readers only.
  const serde =
    step.text('keys') === 'sessionWindowed' ? serdes.sessionWindowed(text) : serdes.timeWindowed(text, { sizeMs: 1 });
  return serde as Serde<unknown> as Serde<string>;
}
