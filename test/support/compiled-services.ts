import { transform } from '@swc/core';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import path from 'node:path';

/** The root of the checkout, from test/support as well as from dist/test/support. */
const ROOT = path.resolve(__dirname, __dirname.includes(`${path.sep}dist${path.sep}`) ? '../../..' : '../..');
const FOLDERS = ['src', 'test/support/services'];

/** One place of the sources, changed. */
export interface Mutation {
  readonly file: string;
  readonly replace: string;
  readonly by: string;
}

/**
 * The sources as they are now, and the programs of test/support/services, as plain JavaScript: a service under test then starts
 * as fast as a user's, and never from a stale build.
 */
export class CompiledServices {
  private constructor(private readonly directory: string) {}

  /** @param mutation - breaks the code, to show that a test would see it */
  static async compile(mutation?: Mutation): Promise<CompiledServices> {
    mkdirSync(path.join(ROOT, '.cache'), { recursive: true });
    // Inside the package, so that its dependencies resolve.
    const directory = mkdtempSync(path.join(ROOT, '.cache/services-'));
    await Promise.all(FOLDERS.flatMap((folder) => sourcesOf(folder).map((file) => compile(file, directory, mutation))));
    return new CompiledServices(directory);
  }

  /** @param name - a file of test/support/services, without its extension */
  program(name: string): string {
    return path.join(this.directory, 'test/support/services', `${name}.js`);
  }

  remove(): void {
    rmSync(this.directory, { recursive: true, force: true });
  }
}

function sourcesOf(folder: string): string[] {
  return readdirSync(path.join(ROOT, folder), { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts'))
    .map((file) => path.join(folder, file));
}

async function compile(file: string, directory: string, mutation: Mutation | undefined): Promise<void> {
  let source = await readFile(path.join(ROOT, file), 'utf8');
  if (mutation?.file === file) {
    if (!source.includes(mutation.replace)) throw new Error(`${file} has no '${mutation.replace}' to break`);
    source = source.replace(mutation.replace, mutation.by);
  }
  const { code } = await transform(source, {
    filename: file,
    jsc: { target: 'es2022', parser: { syntax: 'typescript' } },
    module: { type: 'commonjs', ignoreDynamic: true, exportInteropAnnotation: true },
  });
  const target = path.join(directory, file.replace(/\.ts$/, '.js'));
  mkdirSync(path.dirname(target), { recursive: true });
  writeFileSync(target, code);
}
