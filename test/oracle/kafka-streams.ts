import { spawn, type ChildProcessWithoutNullStreams } from 'node:child_process';
import { createInterface } from 'node:readline';
import { oracleClassPath } from './java-build';
import type { ScenarioRunner } from './cases';
import type { Scenario, ScenarioResult } from './scenario';

type Answer = ScenarioResult & { readonly id: string; readonly broken?: string };

interface Waiting {
  readonly resolve: (result: ScenarioResult) => void;
  readonly reject: (error: Error) => void;
}

/** The real Kafka Streams, in one Java process: runs scenarios on its TopologyTestDriver. */
export class KafkaStreams implements ScenarioRunner {
  private readonly waiting = new Map<string, Waiting>();
  private readonly said: string[] = [];
  private next = 0;

  private constructor(private readonly java: ChildProcessWithoutNullStreams) {
    createInterface({ input: java.stdout }).on('line', (line) => this.answered(JSON.parse(line) as Answer));
    java.stderr.on('data', (chunk: Buffer) => this.said.push(chunk.toString()));
    // What cannot be written any more is reported when the process has ended.
    java.stdin.on('error', () => undefined);
    java.on('error', (error) => this.ended(error.message));
    java.on('close', (code) => this.ended(`exit code ${code}`));
  }

  static async start(log?: (line: string) => void): Promise<KafkaStreams> {
    const classPath = await oracleClassPath(log);
    const options = ['-XX:+UseSerialGC', '-XX:TieredStopAtLevel=1', '-Xshare:auto', '-Xmx1g'];
    return new KafkaStreams(spawn('java', [...options, '-cp', classPath, 'millrace.oracle.Main']));
  }

  /** @throws Error where the scenario itself is wrong; what fails in the topology is in the result */
  run(scenario: Scenario): Promise<ScenarioResult> {
    const id = String(this.next++);
    return new Promise((resolve, reject) => {
      this.waiting.set(id, { resolve, reject });
      this.java.stdin.write(`${JSON.stringify({ ...scenario, id })}\n`);
    });
  }

  async close(): Promise<void> {
    if (this.java.exitCode !== null) return;
    const closed = new Promise((resolve) => this.java.once('close', resolve));
    this.java.stdin.end();
    await closed;
  }

  private answered({ id, broken, ...result }: Answer): void {
    const waiting = this.waiting.get(id);
    this.waiting.delete(id);
    if (broken === undefined) waiting?.resolve(result);
    else waiting?.reject(new Error(`Kafka Streams cannot run the scenario: ${broken}`));
  }

  private ended(how: string): void {
    for (const { reject } of this.waiting.values()) {
      reject(new Error(`the oracle's Java process ended (${how}): ${this.said.join('').slice(-2_000)}`));
    }
    this.waiting.clear();
  }
}
