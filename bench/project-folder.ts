import path from 'node:path';

/** The folder of package.json: benchmarks run compiled, from dist/bench. */
export const projectFolder = path.resolve(__dirname, '..', '..');
