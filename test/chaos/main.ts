// npm run chaos -- --seed S --kills N --instances K: exit 0 only if nothing was lost or doubled.
import { Command } from 'commander';
import { integer } from '../support/integer-argument';
import { startBroker } from '../support/kafka-broker';
import { runChaos } from './chaos-run';

const program = new Command('chaos')
  .description('Kills instances of a counting topology at random while lines flow in, then checks every count.')
  .option('--seed <n>', 'repeats the same moments and lines', integer(0, 2 ** 31 - 1))
  .option('--kills <n>', 'how many SIGKILLs', integer(1, 1_000_000), 20)
  .option('--instances <n>', 'how many instances share the work', integer(1, 3), 2)
  .option('--lines-per-second <n>', 'pace of the input', integer(50, 100_000), 300)
  .option('--guarantee <mode>', 'exactly_once_v2 or at_least_once', 'exactly_once_v2');

/** A round keeps its results in memory, so that runs of hours are many rounds. */
const KILLS_PER_ROUND = 50;

async function main(): Promise<void> {
  const { seed, kills, instances, linesPerSecond, guarantee } = program.parse().opts<{
    seed?: number;
    kills: number;
    instances: number;
    linesPerSecond: number;
    guarantee: 'exactly_once_v2' | 'at_least_once';
  }>();
  const log = (line: string): void => console.log(line);
  const firstSeed = seed ?? Math.floor(Math.random() * 2 ** 31);
  const broker = await startBroker({ log });
  try {
    for (let round = 0; round * KILLS_PER_ROUND < kills; round++) {
      const ofRound = {
        brokers: broker.brokers,
        seed: firstSeed + round,
        kills: Math.min(KILLS_PER_ROUND, kills - round * KILLS_PER_ROUND),
        instances,
        linesPerSecond,
        options: { processingGuarantee: guarantee },
        log,
      };
      const title = `seed ${ofRound.seed}, ${ofRound.kills} kills, ${instances} instances, ${guarantee}`;
      log(title);
      const { lines, words, faults } = await runChaos(ofRound);
      for (const fault of faults.slice(0, 50)) log(fault);
      log(
        `${title}: ${lines} lines, ${words} words, ${faults.length === 0 ? 'nothing wrong' : `${faults.length} faults`}`,
      );
      if (faults.length > 0) process.exitCode = 1;
    }
  } finally {
    await broker.stop();
  }
}

main().catch((error: unknown) => {
  console.error(error);
  process.exitCode = 1;
});
