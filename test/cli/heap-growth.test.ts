import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CompiledCli } from './compiled-cli';

/** V8's largest new generation. What is in it comes on top of what the old one may hold. */
const NEW_GENERATION_BYTES = 48 << 20;

/**
 * Keeps some memory and lets other records live just long enough to reach the old generation. At the moment when `run` begins to listen
 * to signals, so after it has made the application, and before it touches Kafka.
 */
const TOPOLOGY = `
const record = (n) => ({ n, text: 'record ' + n, list: [n, n + 1, n + 2, n + 3] });
process.on('newListener', (event) => {
  if (event !== 'SIGTERM') return;
  const kept = Array.from({ length: 300_000 }, (_, n) => record(n));
  globalThis.gc();
  const alive = process.memoryUsage().heapUsed;
  const passing = new Array(50_000);
  let peak = 0;
  for (let n = 0; n < 4_000_000; n++) {
    passing[n % passing.length] = record(n);
    if (n % 10_000 === 0) peak = Math.max(peak, process.memoryUsage().heapUsed);
  }
  process.stdout.write(JSON.stringify({ kept: kept.length, alive, peak }) + '\\n');
  process.exit(0);
});
const any = { name: 'any', serialize: String, deserialize: String };
module.exports = (builder) => builder.stream('in', { key: any, value: any }).to('out');
`;

describe('the heap of millrace run', () => {
  let cli: CompiledCli;
  let directory: string;

  beforeAll(async () => {
    cli = await CompiledCli.compile();
    directory = mkdtempSync(join(tmpdir(), 'millrace-heap-'));
  });
  afterAll(() => {
    cli.remove();
    rmSync(directory, { recursive: true });
  });

  it('is collected when it has grown to 1.7 times what is alive', async () => {
    const module = join(directory, 'topology.cjs');
    writeFileSync(module, TOPOLOGY);
    const { code, stdout, stderr } = await cli.run(
      ['run', module, '--application-id', 'heap', '--brokers', 'localhost:1'],
      { nodeOptions: ['--expose-gc'] },
    );
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    const { alive, peak } = JSON.parse(stdout) as { alive: number; peak: number };
    expect(peak).toBeGreaterThan(alive);
    // Not less: it is marked beside the program, which allocates meanwhile. V8 by itself goes beyond four times.
    expect(peak).toBeLessThan(2.3 * alive + NEW_GENERATION_BYTES);
  });
});
