import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';

interface ProfileNode {
  readonly id: number;
  readonly callFrame: { readonly functionName: string; readonly url: string; readonly lineNumber: number };
}

/** The part of V8's .cpuprofile format that is read here. */
interface Profile {
  readonly nodes: readonly ProfileNode[];
  /** Ids of the nodes that were on top of the stack, one a sample. */
  readonly samples: readonly number[];
  /** Microseconds between samples. */
  readonly timeDeltas: readonly number[];
}

const FUNCTIONS_SHOWN = 40;

/** The functions that most time was spent in, themselves and without what they called, over all profiles of a folder. */
export function summarizeProfiles(folder: string): string {
  const selfMicros = new Map<string, number>();
  let total = 0;
  for (const file of readdirSync(folder).filter((name) => name.endsWith('.cpuprofile'))) {
    const profile = JSON.parse(readFileSync(path.join(folder, file), 'utf8')) as Profile;
    const names = new Map(profile.nodes.map((node) => [node.id, nameOf(node)]));
    profile.samples.forEach((id, index) => {
      const name = names.get(id) ?? 'unknown';
      const micros = profile.timeDeltas[index] ?? 0;
      selfMicros.set(name, (selfMicros.get(name) ?? 0) + micros);
      total += micros;
    });
  }
  const lines = [...selfMicros]
    .sort(([, a], [, b]) => b - a)
    .slice(0, FUNCTIONS_SHOWN)
    .map(([name, micros]) => {
      const share = ((micros / total) * 100).toFixed(1).padStart(5);
      return `${share} %  ${(micros / 1000).toFixed(0).padStart(7)} ms  ${name}`;
    });
  return `Self time of the main thread and its workers, ${(total / 1e6).toFixed(1)} s in all\n${lines.join('\n')}\n`;
}

function nameOf({ callFrame }: ProfileNode): string {
  const name = callFrame.functionName || '(anonymous)';
  if (callFrame.url === '') return name;
  const file = callFrame.url.replace(/^.*\/(dist\/|node_modules\/)/, '$1');
  return `${name} ${file}:${callFrame.lineNumber + 1}`;
}
