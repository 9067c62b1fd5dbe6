import { setImmediate } from 'node:timers/promises';
import { readFile } from 'node:fs/promises';
import { spawn, type ChildProcessByStdio } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { guardProcessGroup, type ReleaseGuard } from './orphan-guard';

/** One line that a service wrote: the fields of a JSON log line; of any other line its text as `msg`. */
export interface LogLine {
  readonly level?: number | string;
  readonly time?: number | string;
  readonly msg?: string;
  readonly [field: string]: unknown;
}

export interface ServiceProcessOptions {
  /** What follows the program's name, for example `['run', 'topologies/word-count.ts', '--application-id', 'a']`. */
  readonly args: readonly string[];
  /** The JavaScript file to run. Default: the compiled command line, `dist/src/cli/main.js`. */
  readonly program?: string;
  /** Parameters of Node itself, for example `['--max-old-space-size=256']`. Default: none. */
  readonly nodeArgs?: readonly string[];
  /** Added to this process's own environment. */
  readonly env?: Readonly<Record<string, string>>;
  /** Gets every line as it comes. */
  readonly onLine?: (line: LogLine) => void;
}

/** How a process ended: with a code, or by a signal. */
export interface Exit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

// Enough to explain a failure; a service that runs for hours must not fill its parent's memory.
const LINES_KEPT = 5_000;

/** The root of the checkout, from test/support as well as from dist/test/support. */
const root = __dirname.includes(`${path.sep}dist${path.sep}`)
  ? path.resolve(__dirname, '../../..')
  : path.resolve(__dirname, '../..');

/**
 * A service in a process of its own that can be killed, frozen and read. It ends with its starter, however that ends.
 *
 * @example
 * const service = ServiceProcess.start({ args: ['run', 'topologies/word-count.ts', '--brokers', brokers.join(',')] });
 * await service.until((line) => line.msg === 'running', { what: 'the running state' });
 * await service.kill();
 */
export class ServiceProcess {
  private readonly lines: LogLine[] = [];
  private readonly listeners = new Set<(line: LogLine) => void>();
  private readonly releaseGuard: ReleaseGuard;
  private exit: Exit | undefined;

  private constructor(
    private readonly child: ChildProcessByStdio<null, Readable, Readable>,
    private readonly title: string,
    private readonly onLine: (line: LogLine) => void,
  ) {
    this.releaseGuard = child.pid === undefined ? () => undefined : guardProcessGroup(child.pid);
    for (const output of [child.stdout, child.stderr]) {
      createInterface({ input: output, crlfDelay: Infinity }).on('line', (text) => this.take(text));
    }
    // 'close' comes after the last line, 'exit' may come before it.
    child.once('close', (code, signal) => {
      this.exit = { code, signal };
      this.releaseGuard();
    });
    child.once('error', (error) => this.take(error.message));
  }

  static start(options: ServiceProcessOptions): ServiceProcess {
    const program = options.program ?? path.join(root, 'dist/src/cli/main.js');
    const child = spawn(process.execPath, [...(options.nodeArgs ?? []), program, ...options.args], {
      cwd: root,
      env: { ...process.env, ...options.env },
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: true,
    });
    const title = [path.relative(root, program), ...options.args].join(' ');
    return new ServiceProcess(child, title, options.onLine ?? (() => undefined));
  }

  get pid(): number | undefined {
    return this.child.pid;
  }

  /** How it ended; undefined while it runs. */
  get ended(): Exit | undefined {
    return this.exit;
  }

  /** The last lines (5000 at most), in the order they came. */
  get log(): readonly LogLine[] {
    return this.lines;
  }

  /**
   * The first line, from the start on, for which `matches` is true.
   *
   * @throws Error when the process ends or `timeoutMs` (default 30000) passes without such a line; it quotes the last lines
   * @throws the reason of `signal` when that is aborted: a wait that lost a race is given up with it
   */
  async until(
    matches: (line: LogLine) => boolean,
    options: { readonly what: string; readonly timeoutMs?: number; readonly signal?: AbortSignal },
  ): Promise<LogLine> {
    const { signal } = options;
    signal?.throwIfAborted();
    const seen = this.lines.find(matches);
    if (seen !== undefined) return seen;
    const timeoutMs = options.timeoutMs ?? 30_000;
    return new Promise<LogLine>((resolve, reject) => {
      const settle = () => {
        clearTimeout(timer);
        this.listeners.delete(listener);
        this.child.off('close', onClose);
        signal?.removeEventListener('abort', onAbort);
      };
      const listener = (line: LogLine) => {
        if (!matches(line)) return;
        settle();
        resolve(line);
      };
      const onClose = () => {
        settle();
        reject(this.failure(`ended (${this.describeExit()}) before ${options.what}`));
      };
      const onAbort = () => {
        settle();
        reject(signal?.reason as Error);
      };
      const timer = setTimeout(() => {
        settle();
        reject(this.failure(`did not show ${options.what} within ${timeoutMs} ms`));
      }, timeoutMs);
      this.listeners.add(listener);
      this.child.once('close', onClose);
      signal?.addEventListener('abort', onAbort);
      if (this.exit !== undefined) onClose();
    });
  }

  /** SIGKILL; resolves when it is gone. */
  async kill(): Promise<Exit> {
    this.child.kill('SIGKILL');
    return this.end();
  }

  /**
   * SIGTERM; resolves when it is gone.
   *
   * @throws Error when it still runs after `timeoutMs` (default 30000); it is killed then
   */
  async terminate(timeoutMs = 30_000): Promise<Exit> {
    this.child.kill('SIGTERM');
    const late = setTimeout(() => this.child.kill('SIGKILL'), timeoutMs);
    const exit = await this.end();
    clearTimeout(late);
    if (exit.signal === 'SIGKILL') throw this.failure(`did not end within ${timeoutMs} ms after SIGTERM`);
    return exit;
  }

  /** SIGSTOP: the process keeps its connections and does nothing. */
  freeze(): void {
    this.child.kill('SIGSTOP');
  }

  /** Resolves when the process stands still, as after SIGSTOP: a SIGCONT before that would be lost. */
  async frozen(): Promise<void> {
    for (;;) {
      const status = await readFile(`/proc/${this.child.pid}/stat`, 'utf8');
      if (status.slice(status.lastIndexOf(')') + 2).startsWith('T')) return;
      await setImmediate();
    }
  }

  /** SIGCONT: it goes on, unaware of the time that passed. */
  thaw(): void {
    this.child.kill('SIGCONT');
  }

  /** Waits for its end. */
  async end(): Promise<Exit> {
    if (this.exit === undefined) await once(this.child, 'close');
    return this.exit ?? { code: null, signal: null };
  }

  private take(text: string): void {
    const line = parse(text);
    this.lines.push(line);
    if (this.lines.length > LINES_KEPT) this.lines.splice(0, this.lines.length - LINES_KEPT);
    this.onLine(line);
    for (const listener of [...this.listeners]) listener(line);
  }

  private describeExit(): string {
    return this.exit?.signal ?? `code ${this.exit?.code ?? '?'}`;
  }

  private failure(what: string): Error {
    const last = this.lines.slice(-15).map((line) => JSON.stringify(line));
    return new Error(`'${this.title}' ${what}. Its last lines:\n${last.join('\n') || '(none)'}`);
  }
}

function parse(text: string): LogLine {
  if (text.startsWith('{')) {
    try {
      return JSON.parse(text) as LogLine;
    } catch {
      // Cut by a kill in the middle of a line.
    }
  }
  return { msg: text };
}
