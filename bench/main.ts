import { Command, InvalidArgumentError, Option } from 'commander';
import { randomInt } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { startBroker } from '../test/support/kafka-broker';
import { benchCheckpoint } from './cases/checkpoint';
import { benchCount } from './cases/count';
import { benchDriver } from './cases/driver';
import { benchLatency } from './cases/latency';
import { benchMemory } from './cases/memory';
import { benchRecovery } from './cases/recovery';
import { benchRestart } from './cases/restart';
import { benchStreamStream } from './cases/stream-stream';
import { benchStreamTable } from './cases/stream-table';
import { benchWindow } from './cases/window';
import { Cluster } from './cluster';
import type { BenchContext } from './context';
import type { EngineName } from './engines/engine';
import { kafkaStreamsEngine } from './engines/kafka-streams';
import { millraceEngine } from './engines/millrace';
import { describeMachine } from './machine';
import { buildPeer } from './peer-build';
import type { CaseResult } from './report';
import { formatTable, saveResults } from './report';

interface CommonOptions {
  readonly runs: number;
  readonly seed: number;
  readonly only?: EngineName;
  readonly profile?: boolean;
}

type Bench = (context: BenchContext, runs: number) => Promise<CaseResult[]>;

const log = (line: string): void => console.log(line);

function positive(text: string): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value) || value <= 0) throw new InvalidArgumentError('a positive whole number is expected');
  return value;
}

function positives(text: string): number[] {
  return text.split(',').map(positive);
}

/** The options that every benchmark of a running engine has. */
function comparisonCommand(name: string, description: string): Command {
  return new Command(name)
    .description(description)
    .option('--runs <count>', 'runs of each engine, in turn; the median counts', positive, 3)
    .option('--seed <number>', 'of the generated keys', positive, randomInt(1, 2 ** 31 - 1))
    .addOption(new Option('--only <engine>', 'run one engine, and save nothing').choices(['millrace', 'peer']));
}

/** A benchmark that can be profiled. */
function benchCommand(name: string, description: string): Command {
  return comparisonCommand(name, description).option(
    '--profile',
    'run Millrace once more under the CPU profiler and save where its time went',
  );
}

async function runBench(options: CommonOptions, bench: Bench, peerTitle?: string): Promise<void> {
  if (process.platform !== 'linux')
    throw new Error('benchmarks read CPU time and memory from /proc: run them on Linux');
  log(`seed ${options.seed}`);
  const classPath = buildPeer(log);
  const machine = describeMachine();
  const folder = await mkdtemp(path.join(tmpdir(), 'millrace-bench-'));
  const broker = await startBroker({ log });
  try {
    const cluster = await Cluster.connect(broker.brokers);
    const engines = [millraceEngine(), kafkaStreamsEngine(classPath)].filter(
      (engine) => options.only === undefined || engine.name === options.only,
    );
    const session = path.basename(folder).slice('millrace-bench-'.length);
    const { seed, runs, profile: profiles = false } = options;
    try {
      const results = await bench({ cluster, classPath, engines, folder, session, machine, seed, profiles, log }, runs);
      if (options.only === undefined) saveResults(results);
      log(`\n${formatTable(results, peerTitle)}`);
      await cluster.deleteTopics(`bench-${session}-`);
    } finally {
      await cluster.disconnect();
    }
  } finally {
    await broker.stop();
    await rm(folder, { recursive: true, force: true });
  }
}

const program = new Command('bench').description('Millrace beside the real Kafka Streams, on the same topics.');

program.addCommand(
  benchCommand('count', 'rate, CPU time and memory of a count by key')
    .option('--keys <list>', 'numbers of keys', positives, [10_000, 1_000_000])
    .option('--records <count>', 'records to process', positive, 1_000_000)
    .action((options: CommonOptions & { keys: number[]; records: number }) =>
      runBench(options, (context, runs) => benchCount(context, { ...options, runs })),
    ),
);
program.addCommand(
  benchCommand('memory', 'resident memory early and late in one run')
    .option('--keys <count>', 'number of keys', positive, 1_000_000)
    .option('--marks <list>', 'after how many records to look', positives, [1_000_000, 5_000_000])
    .action((options: CommonOptions & { keys: number; marks: number[] }) =>
      runBench(options, (context, runs) => benchMemory(context, { ...options, runs })),
    ),
);
program.addCommand(
  benchCommand('restart', 'from SIGKILL to processing again, with large state')
    .option('--keys <list>', 'numbers of keys in the state', positives, [1_000_000, 5_000_000])
    .action((options: CommonOptions & { keys: number[] }) =>
      runBench(options, (context, runs) => benchRestart(context, { ...options, runs })),
    ),
);
program.addCommand(
  comparisonCommand(
    'recovery',
    'from an empty disk to processing again: checkpoint and tail beside the whole changelog',
  )
    .option('--keys <count>', 'number of keys in the state', positive, 1_000_000)
    .option('--records <count>', 'records before the disk is lost', positive, 10_000_000)
    .option('--tail <count>', 'how many of them come after the checkpoint', positive, 500_000)
    .action((options: CommonOptions & { keys: number; records: number; tail: number }) =>
      runBench(options, (context, runs) => benchRecovery(context, { ...options, runs })),
    ),
);
program.addCommand(
  comparisonCommand(
    'checkpoint',
    'rate and latency with checkpoints beside those without, and the cut of a large state',
  )
    .option('--keys <count>', 'number of keys', positive, 1_000_000)
    .option('--records <count>', 'records to process for the rate', positive, 8_000_000)
    .option('--interval-ms <number>', 'from one checkpoint to the next', positive, 10_000)
    .option('--rate <count>', 'records per second for the latency', positive, 5_000)
    .option('--seconds <count>', 'measured time of the latency, after a warm-up of 10 s', positive, 40)
    .option('--cut-megabytes <count>', 'size of the state whose cut is timed by itself', positive, 1024)
    .action(
      (
        options: CommonOptions & {
          keys: number;
          records: number;
          intervalMs: number;
          rate: number;
          seconds: number;
          cutMegabytes: number;
        },
      ) =>
        runBench(
          options,
          (context, runs) => benchCheckpoint(context, { ...options, recordsPerSecond: options.rate, runs }),
          'without',
        ),
    ),
);
program.addCommand(
  benchCommand('latency', 'from produce to read_committed consume, at a steady rate')
    .option('--rate <count>', 'records per second', positive, 5_000)
    .option('--seconds <count>', 'measured time, after a warm-up of 10 s', positive, 30)
    .action((options: CommonOptions & { rate: number; seconds: number }) =>
      runBench(options, (context, runs) =>
        benchLatency(context, { recordsPerSecond: options.rate, seconds: options.seconds, runs }),
      ),
    ),
);
program.addCommand(
  benchCommand('window', 'a count by key in tumbling windows')
    .option('--keys <count>', 'number of keys', positive, 10_000)
    .option('--records <count>', 'records to process', positive, 1_000_000)
    .action((options: CommonOptions & { keys: number; records: number }) =>
      runBench(options, (context, runs) => benchWindow(context, { ...options, runs })),
    ),
);
program.addCommand(
  benchCommand('stream-table', 'a stream joined with a large table')
    .option('--rows <count>', 'rows of the table', positive, 1_000_000)
    .option('--records <count>', 'records of the stream', positive, 1_000_000)
    .action((options: CommonOptions & { rows: number; records: number }) =>
      runBench(options, (context, runs) => benchStreamTable(context, { ...options, runs })),
    ),
);
program.addCommand(
  benchCommand('stream-stream', 'two streams joined within a window')
    .option('--keys <count>', 'number of keys', positive, 50_000)
    .option('--records <count>', 'records of each stream', positive, 500_000)
    .action((options: CommonOptions & { keys: number; records: number }) =>
      runBench(options, (context, runs) => benchStreamStream(context, { ...options, runs })),
    ),
);

program.addCommand(
  new Command('driver')
    .description('rate of a count in the TopologyTestDriver; without Kafka and without a peer')
    .option('--runs <count>', 'runs; the median counts', positive, 5)
    .option('--keys <count>', 'number of keys', positive, 10_000)
    .option('--records <count>', 'records to process', positive, 500_000)
    .action(async (options: { runs: number; keys: number; records: number }) => {
      await benchDriver(options, log);
    }),
);

program.parseAsync().catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
});
