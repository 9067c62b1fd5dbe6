import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { extname, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { describeCause, TopologyModuleLoadError } from './module-errors';

const TYPESCRIPT_EXTENSIONS = ['.ts', '.mts', '.cts', '.tsx'];

/**
 * Loads a module file and returns its default export. JavaScript may be CommonJS or ESM. TypeScript needs tsx, which is looked for
 * from the module, then from Millrace.
 *
 * @throws TopologyModuleLoadError
 */
export async function importDefault(path: string): Promise<unknown> {
  const file = resolve(path);
  if (!existsSync(file)) throw new TopologyModuleLoadError(path, 'there is no such file.');
  if (TYPESCRIPT_EXTENSIONS.includes(extname(file))) await useTsx(file);
  try {
    return defaultExport((await import(pathToFileURL(file).href)) as object);
  } catch (error) {
    throw new TopologyModuleLoadError(path, describeCause(error), error);
  }
}

/** The default export, also of CommonJS that a compiler made of an ES module, where it lies one level deeper. */
function defaultExport(namespace: object): unknown {
  const outer: unknown = 'default' in namespace ? namespace.default : undefined;
  const isCompiled = typeof outer === 'object' && outer !== null && '__esModule' in outer;
  return isCompiled ? (outer as { default?: unknown }).default : outer;
}

/** Loads tsx as `node --import tsx` does, which makes both `import` and `require` understand TypeScript from here on. */
async function useTsx(file: string): Promise<void> {
  const loader = findTsx(file) ?? findTsx(__filename);
  if (loader === undefined) {
    throw new TopologyModuleLoadError(
      file,
      'it is TypeScript, and tsx is not installed. Run `npm install tsx`, or compile it to JavaScript.',
    );
  }
  await import(pathToFileURL(loader).href);
}

function findTsx(from: string): string | undefined {
  try {
    return createRequire(from).resolve('tsx');
  } catch {
    return undefined;
  }
}
