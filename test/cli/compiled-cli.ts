import { transformFile } from '@swc/core';
import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

const ROOT = join(__dirname, '../..');

export interface Outcome {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** The command line as users get it, JavaScript without a TypeScript loader, made from the sources as they are now. */
export class CompiledCli {
  /** The JavaScript file to start. */
  readonly program: string;

  private constructor(private readonly directory: string) {
    this.program = join(directory, 'src/cli/main.js');
  }

  static async compile(): Promise<CompiledCli> {
    mkdirSync(join(ROOT, '.cache'), { recursive: true });
    // Inside the package, so that its own name and its dependencies resolve.
    const directory = mkdtempSync(join(ROOT, '.cache/cli-test-'));
    const sources = readdirSync(join(ROOT, 'src'), { recursive: true, encoding: 'utf8' }).filter((file) =>
      file.endsWith('.ts'),
    );
    await Promise.all(
      sources.map(async (file) => {
        const { code } = await transformFile(join(ROOT, 'src', file), {
          jsc: { target: 'es2022', parser: { syntax: 'typescript' } },
          module: { type: 'commonjs', ignoreDynamic: true, exportInteropAnnotation: true },
        });
        const target = join(directory, 'src', file.replace(/\.ts$/, '.js'));
        mkdirSync(dirname(target), { recursive: true });
        writeFileSync(target, code);
      }),
    );
    return new CompiledCli(directory);
  }

  /** Runs it to its end. Only `env` is in its environment, besides PATH. */
  run(
    args: readonly string[],
    {
      env = {},
      cwd = ROOT,
      nodeOptions = [],
    }: { env?: Record<string, string>; cwd?: string; nodeOptions?: readonly string[] } = {},
  ): Promise<Outcome> {
    return new Promise((resolve) => {
      const child = execFile(
        process.execPath,
        [...nodeOptions, this.program, ...args],
        { cwd, env: { PATH: process.env['PATH'], ...env } },
        (_, stdout, stderr) => resolve({ code: child.exitCode, stdout, stderr }),
      );
    });
  }

  remove(): void {
    rmSync(this.directory, { recursive: true });
  }
}
