import type { ChildProcess } from 'node:child_process';
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { guardProcessGroup } from '../test/support/orphan-guard';
import type { ProcessUsage } from './process-usage';
import { readUsage } from './process-usage';

export interface ProcessCommand {
  readonly command: string;
  readonly args: readonly string[];
  /** Beside the environment of the benchmark itself. */
  readonly env: Readonly<Record<string, string>>;
  /** Removed if the benchmark is killed while the process runs. */
  readonly folder?: string;
}

const KEPT_LINES = 40;

/** A child process whose output is read as JSON lines and whose CPU time and memory are read from outside. */
export class MeasuredProcess {
  readonly startedAt = Date.now();
  private readonly child: ChildProcess;
  private readonly lastLines: string[] = [];
  private exit: string | undefined;
  /** Resolves, and never rejects, once the process is gone. */
  private readonly gone: Promise<void>;

  constructor(
    private readonly title: string,
    { command, args, env, folder }: ProcessCommand,
    onLine: (line: Readonly<Record<string, unknown>>) => void,
  ) {
    this.child = spawn(command, args, {
      env: { ...process.env, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: true,
    });
    const release = this.child.pid === undefined ? undefined : guardProcessGroup(this.child.pid, folder);
    this.gone = new Promise((resolve) => {
      const ended = (how: string): void => {
        this.exit = how;
        release?.();
        resolve();
      };
      this.child.once('error', (error) => ended(error.message));
      this.child.once('close', (code, signal) => ended(signal ?? `exit code ${code}`));
    });
    for (const stream of [this.child.stdout, this.child.stderr]) {
      if (stream === null) continue;
      createInterface({ input: stream }).on('line', (text) => {
        this.lastLines.push(text);
        if (this.lastLines.length > KEPT_LINES) this.lastLines.shift();
        const line = parseObject(text);
        if (line !== undefined) onLine(line);
      });
    }
  }

  usage(): ProcessUsage {
    this.assertRunning();
    if (this.child.pid === undefined) throw new Error(`${this.title} did not start`);
    return readUsage(this.child.pid);
  }

  assertRunning(): void {
    if (this.exit !== undefined) throw this.failure();
  }

  /** Ends it as an operator would. Rejects when it has to be killed. */
  async stop(timeoutMs = 60_000): Promise<void> {
    this.child.kill('SIGTERM');
    const deadline = setTimeout(() => this.child.kill('SIGKILL'), timeoutMs);
    await this.gone;
    clearTimeout(deadline);
    if (this.exit === 'SIGKILL') throw new Error(`${this.title} did not stop within ${timeoutMs} ms of SIGTERM`);
  }

  async kill(): Promise<void> {
    this.child.kill('SIGKILL');
    await this.gone;
  }

  /** Waits for the end of a process that ends by itself, and rejects unless it succeeded. */
  async finished(): Promise<void> {
    await this.gone;
    if (this.exit !== 'exit code 0') throw this.failure();
  }

  private failure(): Error {
    return new Error(`${this.title} ended (${this.exit}). Its last lines:\n${this.lastLines.join('\n')}`);
  }
}

function parseObject(text: string): Record<string, unknown> | undefined {
  if (!text.startsWith('{')) return undefined;
  try {
    return JSON.parse(text) as Record<string, unknown>;
  } catch {
    return undefined;
  }
}
