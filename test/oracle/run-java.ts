// npx tsx test/oracle/run-java.ts < scenario.json: what Kafka Streams makes of scenarios (an object, an array, or one a line).
import { readFileSync } from 'node:fs';
import { KafkaStreams } from './kafka-streams';
import type { Scenario } from './scenario';
import { show } from './show';

function parse(text: string): Scenario[] {
  try {
    const parsed = JSON.parse(text) as Scenario | Scenario[];
    return Array.isArray(parsed) ? parsed : [parsed];
  } catch {
    return text
      .split('\n')
      .filter((line) => line.trim() !== '')
      .map((line) => JSON.parse(line) as Scenario);
  }
}

async function main(): Promise<void> {
  const streams = await KafkaStreams.start((line) => console.error(line));
  try {
    for (const scenario of parse(readFileSync(0, 'utf8'))) {
      const result = await streams.run(scenario);
      console.log(process.argv.includes('--json') ? JSON.stringify(result) : show(scenario, { kafka: result }));
    }
  } finally {
    await streams.close();
  }
}

main().catch((error: unknown) => {
  console.error(error);
  process.exitCode = 1;
});
