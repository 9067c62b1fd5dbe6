// npm run oracle -- --seeds N --base S: compares Millrace with Kafka Streams; exit 0 only if they do not differ.
import { Command } from 'commander';
import { integer } from '../support/integer-argument';
import { describeDifference, noCases, runKind } from './cases';
import { KafkaStreams } from './kafka-streams';
import { kinds } from './kinds';

const program = new Command('oracle')
  .description('Runs generated scenarios on Kafka Streams and on Millrace, and compares what comes out.')
  .option('--seeds <n>', 'how many scenarios of each kind', integer(1, 1_000_000), 50)
  .option('--base <n>', 'the first seed', integer(0, 2 ** 31 - 1), 0)
  .option('--kind <text>', 'only kinds whose name contains it');

async function main(): Promise<void> {
  const { seeds, base, kind: part = '' } = program.parse().opts<{ seeds: number; base: number; kind?: string }>();
  const chosen = kinds.filter(({ name }) => name.includes(part));
  if (chosen.length === 0) throw new Error(`no kind's name contains '${part}'`);
  const streams = await KafkaStreams.start((line) => console.log(line));
  const counts = noCases();
  try {
    for (const kind of chosen) {
      const before = counts.different;
      try {
        const difference = await runKind(streams, kind, { base, seeds }, counts);
        const different = counts.different - before;
        console.log(`${kind.name}: ${different === 0 ? 'same' : `${different} of ${seeds} differ`}`);
        if (difference !== undefined) console.log(describeDifference(difference));
      } catch (error) {
        counts.different++;
        console.log(`${kind.name}: cannot be run`);
        console.log(error);
      }
    }
  } finally {
    await streams.close();
  }
  for (const [name, cases] of counts.intended) console.log(`${name}: on purpose in ${cases} cases`);
  console.log(`${chosen.length} kinds, ${counts.cases} cases, ${counts.different} differences`);
  if (counts.different > 0) process.exitCode = 1;
}

main().catch((error: unknown) => {
  console.error(error);
  process.exitCode = 1;
});
