// npm run simulate -- --seeds N --base S: exit 0 only if every rewind ended as a run without failures.
import { Command } from 'commander';
import { integer } from '../support/integer-argument';
import { runSeed } from './run-seed';

const program = new Command('simulate')
  .description(
    'Takes checkpoints of simulated applications at random moments, rewinds to one of each, and checks the end.',
  )
  .option('--seeds <n>', 'how many', integer(1, 100_000_000), 1_000)
  .option('--base <n>', 'the first seed', integer(0, 2 ** 31 - 1), 1);

async function main(): Promise<void> {
  const { seeds, base } = program.parse().opts<{ seeds: number; base: number }>();
  let checkpoints = 0;
  let inFlight = 0;
  let wrong = 0;
  for (let seed = base; seed < base + seeds; seed++) {
    const result = await runSeed(seed);
    checkpoints += result.checkpoints;
    inFlight += result.inFlight;
    if (result.faults.length === 0) continue;
    wrong++;
    console.log([result.title, ...result.faults.slice(0, 20)].join('\n  '));
  }
  console.log(
    `${seeds} seeds from ${base} on, ${checkpoints} checkpoints, ${inFlight} records on their way at the cuts: ${wrong === 0 ? 'nothing wrong' : `${wrong} seeds went wrong`}`,
  );
  if (wrong > 0) process.exitCode = 1;
}

main().catch((error: unknown) => {
  console.error(error);
  process.exitCode = 1;
});
