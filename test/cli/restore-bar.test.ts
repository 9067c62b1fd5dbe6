import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { LogWriter, type LogRecord } from '../../src/kafka';
import { NO_HEADERS } from '../../src/serde/record';
import { ConnectedClusters } from '../kafka/connected-cluster';
import { createTopics } from '../support/kafka-clients';
import { uniqueName } from '../support/kafka-names';
import { ServiceProcess } from '../support/service-process';
import { sharedBrokers } from '../support/shared-broker';
import { CompiledCli } from './compiled-cli';
import { screenOf } from './screen';

/** It takes some tenths of a second to restore them. */
const RECORDS = 300_000;

function* counts(): Generator<LogRecord> {
  const value = Buffer.alloc(8);
  for (let key = 0; key < RECORDS; key++)
    yield { key: Buffer.from(`key-${key}`), value, timestamp: 1_700_000_000_000, headers: NO_HEADERS };
}

describe('millrace run, restoring', () => {
  const application = uniqueName('restoring');
  let cli: CompiledCli;
  let directory: string;
  let args: string[];

  beforeAll(async () => {
    const brokers = await sharedBrokers();
    cli = await CompiledCli.compile();
    directory = mkdtempSync(join(tmpdir(), 'millrace-bar-'));
    const module = join(directory, 'count.cjs');
    const text = '{ name: "text", serialize: (value) => Buffer.from(value), deserialize: (bytes) => bytes.toString() }';
    writeFileSync(
      module,
      `module.exports = (builder) => {
        builder.stream('${application}-in', { key: ${text}, value: ${text} }).groupByKey().count('counts');
      };`,
    );
    args = ['run', module, '--application-id', application, '--brokers', brokers.join(','), '--state-dir', directory];
    const changelog = `${application}-counts-changelog`;
    await createTopics(
      brokers,
      { topic: `${application}-in`, partitions: 1 },
      { topic: changelog, partitions: 1, config: { 'cleanup.policy': 'compact' } },
    );
    const clusters = new ConnectedClusters();
    const writer = await LogWriter.open(await clusters.connect());
    await writer.write({ topic: changelog, partition: 0 }, counts());
    writer.close();
    await clusters.close();
  }, 120_000);
  beforeEach(() => rmSync(join(directory, application), { recursive: true, force: true }));
  afterAll(() => {
    cli.remove();
    rmSync(directory, { recursive: true });
  });

  it('draws a bar below the log on a terminal, and takes it away', async () => {
    const command = ['stty -echo cols 250 rows 50 && exec', process.execPath, cli.program, ...args].join(' ');
    const child = spawn('script', ['--quiet', '--return', '--command', command, '/dev/null'], {
      env: { PATH: process.env['PATH'], TERM: 'xterm' },
    });
    let output = '';
    const ended = new Promise<number | null>((resolve, reject) => {
      child.on('error', reject);
      child.on('close', resolve);
    });
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      const before = output;
      output += text;
      const isRunning = (said: string): boolean => said.includes('-> RUNNING');
      // Control-C, as from the keyboard.
      if (isRunning(output) && !isRunning(before)) child.stdin.write('\x03');
    });
    expect(await ended).toBe(0);

    const drawn = [
      ...output.matchAll(/Restoring 1 task from changelogs \[#*\.*\] +(\d+) %: [\d,]+ of 300,000 records/g),
    ];
    const percents = drawn.map(([, percent]) => Number(percent));
    expect(percents.length).toBeGreaterThan(0);
    expect(percents).toEqual([...percents].sort((a, b) => a - b));

    const screen = screenOf(output);
    expect(screen.filter((line) => line.includes('Restoring'))).toEqual([]);
    const log = screen.filter((line) => /\d\d:\d\d:\d\d\.\d/.test(line));
    for (const line of log) expect(line).toMatch(/^\[\d\d:\d\d:\d\d\.\d+\] [A-Z]+: /);
    const at = (text: string): number => log.findIndex((line) => line.includes(text));
    expect(at(`Restored ${RECORDS} changelog records`)).toBeGreaterThan(0);
    expect(at('-> RUNNING')).toBeGreaterThan(at('Restored'));
    expect(at('stopped')).toBe(log.length - 1);
  }, 60_000);

  it.each(['json', 'pretty'])(
    'draws nothing where its output is read by a program, in %s',
    async (format) => {
      const lines: string[] = [];
      const service = ServiceProcess.start({
        program: cli.program,
        args: [...args, '--log-format', format],
        onLine: ({ msg }) => void lines.push(String(msg)),
      });
      await service.until(({ msg }) => String(msg).includes('-> RUNNING'), { what: 'the state RUNNING' });
      await service.terminate();
      expect(lines.join('\n')).toContain(`Restored ${RECORDS} changelog records`);
      expect(lines.join('\n')).not.toContain('from changelogs [');
    },
    60_000,
  );
});
