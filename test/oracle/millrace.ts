import { TopologyTestDriver } from '../../src/testing';
import { Graph } from './graph';
import type { InputStep, OutputRecord, Scenario, ScenarioResult } from './scenario';
import { hexadecimal, text, textSerdes } from './text-serde';

/** Indexes of steps before which all tasks are killed, to begin again with their state or without it. */
export type Restarts = ReadonlyMap<number, 'kept' | 'lost'>;

/** Runs a scenario on Millrace's TopologyTestDriver. */
export async function runOnMillrace(scenario: Scenario, restarts?: Restarts): Promise<ScenarioResult> {
  const graph = new Graph(scenario.graph);
  const driver = await TopologyTestDriver.open(graph.topology());
  try {
    const collect = collector(driver, graph);
    const inputs = inputTopics(driver, scenario);
    const outputs: OutputRecord[] = [];
    for (const [step, input] of scenario.steps.entries()) {
      let failed: Error | undefined;
      try {
        const state = restarts?.get(step);
        if (state !== undefined) await driver.restart({ state });
        if ('advance' in input) await driver.advanceWallClockTime(input.advance);
        else await inputs.get(input.topic)!.pipeInput(input.key, input.value, { timestamp: input.timestamp });
      } catch (error) {
        failed = error as Error;
      }
      collect(step, outputs);
      if (failed !== undefined) return { outputs, error: { step, message: failed.message } };
    }
    return { outputs };
  } finally {
    // A topology that failed may fail again here; what matters was seen before.
    await driver.close().catch(() => undefined);
  }
}

function inputTopics(driver: TopologyTestDriver, { steps }: Scenario) {
  const records = steps.filter((step): step is InputStep => 'topic' in step);
  return new Map(
    [...new Set(records.map(({ topic }) => topic))].map((topic) => [topic, driver.createInputTopic(topic, textSerdes)]),
  );
}

/** A function that takes what is new in the output topics. */
function collector(driver: TopologyTestDriver, graph: Graph) {
  const topics = [...graph.outputs].map(([topic, { binaryKeys }]) =>
    driver.createOutputTopic(topic, { key: binaryKeys ? hexadecimal : text, value: text }),
  );
  return (step: number, outputs: OutputRecord[]): void => {
    for (const topic of topics) {
      for (const { key, value, timestamp } of topic.readRecordsToList()) {
        outputs.push({ step, topic: topic.name, key: key, value: value, timestamp });
      }
    }
  };
}
