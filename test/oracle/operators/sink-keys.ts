import type { Serde } from '../../../src';
import type { Step } from '../step';
import { text } from '../text-serde';

/** How a sink writes its keys. */
export function sinkKeys(step: Step): Serde<string> {
  if (step.has('keys')) throw new Error(`no keys ${step.text('keys')}`);
  return text;
}
