import { spawnSync } from 'node:child_process';
import os from 'node:os';

/** Where a result was measured. */
export interface Machine {
  readonly cores: number;
  readonly cpu: string;
  readonly memoryGigabytes: number;
  readonly node: string;
  readonly java: string;
  /** The one-minute load average before the first run: a busy machine makes every figure noise. */
  readonly loadBefore: number;
}

export function describeMachine(): Machine {
  const java = spawnSync('java', ['-version'], { encoding: 'utf8' });
  return {
    cores: os.cpus().length,
    cpu: os.cpus()[0]?.model ?? 'unknown',
    memoryGigabytes: Math.round(os.totalmem() / 2 ** 30),
    node: process.version,
    java: /"([^"]+)"/.exec(java.stderr)?.[1] ?? 'none',
    loadBefore: Math.round((os.loadavg()[0] ?? 0) * 100) / 100,
  };
}
