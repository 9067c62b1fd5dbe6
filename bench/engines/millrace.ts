import { readFileSync } from 'node:fs';
import path from 'node:path';
import { resolveConfig } from '../../src/config/millrace-config';
import { projectFolder } from '../project-folder';
import type { Engine, EngineName } from './engine';
import { COMMIT_INTERVAL_MS, SESSION_TIMEOUT_MS } from './engine';

const defaults = resolveConfig({ applicationId: 'bench', brokers: '127.0.0.1:9092' });

export interface MillraceEngineOptions {
  /** The side that it is on. Default: millrace. */
  readonly name?: EngineName;
  readonly title?: string;
  /** For node, before the program. */
  readonly nodeOptions?: readonly string[];
  /** When checkpoints begin: every so many milliseconds, or when they are asked for. Default: there are none. */
  readonly checkpoints?: { readonly intervalMs: number } | 'on-demand';
}

/** How the image sets up the C library's allocator, which only the environment of a new process can. */
function imageAllocator(): Record<string, string> {
  const image = readFileSync(path.join(projectFolder, 'docker', 'Dockerfile'), 'utf8');
  return Object.fromEntries([...image.matchAll(/\b(MALLOC_\w+)=(\w+)/g)].map(([, name, value]) => [name!, value!]));
}

/** Millrace as its users run it: `millrace run` in a process of its own, with the allocator as in the image. */
export function millraceEngine({
  name = 'millrace',
  title = 'Millrace',
  nodeOptions = [],
  checkpoints,
}: MillraceEngineOptions = {}): Engine {
  const allocator = imageAllocator();
  return {
    name,
    title,
    settings: {
      processingGuarantee: defaults.processingGuarantee,
      numStreamThreads: defaults.numStreamThreads,
      commitIntervalMs: COMMIT_INTERVAL_MS,
      sessionTimeoutMs: SESSION_TIMEOUT_MS,
      cacheMaxBytes: defaults.cacheMaxBytes,
      inputBufferMaxBytes: defaults.inputBufferMaxBytes,
      epochMaxBytes: defaults.epochMaxBytes,
      rocksdbBlockCacheBytes: defaults.rocksdbBlockCacheBytes,
      rocksdbWriteBufferBytes: defaults.rocksdbWriteBufferBytes,
      ...allocator,
      nodeOptions: nodeOptions.join(' ') || 'none',
      checkpoints: checkpoints === undefined ? 'none' : trigger(checkpoints).join(' '),
    },
    command: (run) => ({
      command: process.execPath,
      args: [
        ...nodeOptions,
        path.join(projectFolder, 'dist', 'src', 'cli', 'main.js'),
        ...['run', path.join(projectFolder, 'dist', 'bench', 'topologies', `${run.topology.name}.js`)],
        ...['--brokers', run.brokers.join(',')],
        ...['--application-id', run.applicationId],
        ...['--state-dir', run.stateDir],
        ...['--commit-interval-ms', String(COMMIT_INTERVAL_MS)],
        ...['--session-timeout-ms', String(SESSION_TIMEOUT_MS)],
        ...['--log-format', 'json'],
        ...(checkpoints === undefined
          ? []
          : ['--checkpoint-store', run.checkpointStore, '--http-port', '0', ...trigger(checkpoints)]),
      ],
      folder: run.stateDir,
      env: {
        ...allocator,
        BENCH_INPUT: run.inputTopic,
        BENCH_OUTPUT: run.outputTopic,
        ...('otherInputTopic' in run.topology ? { BENCH_OTHER_INPUT: run.topology.otherInputTopic } : {}),
        ...('windowMs' in run.topology
          ? { BENCH_WINDOW_MS: String(run.topology.windowMs), BENCH_GRACE_MS: String(run.topology.graceMs) }
          : {}),
        ...(run.marksFirstRecord ? { BENCH_MARK_FIRST_RECORD: '1' } : {}),
      },
    }),
    readEvent(line) {
      const time = typeof line['time'] === 'string' ? Date.parse(line['time']) : Number(line['time']);
      if (line['event'] === 'assigned' && Array.isArray(line['tasks']) && line['tasks'].length > 0) {
        return { kind: 'assigned', time };
      }
      if (line['event'] === 'restored') return { kind: 'restored', time, records: Number(line['records']) };
      if (line['event'] === 'first-record') return { kind: 'first-record', time };
      if (line['event'] === 'http_server_started') return { kind: 'http-server', time, port: Number(line['port']) };
      if (line['event'] === 'checkpoint_installed') {
        return { kind: 'checkpoint-installed', time, bytes: Number(line['bytes']) };
      }
      if (line['event'] === 'checkpoint_completed') {
        const [milliseconds, storedBytes] = [Number(line['milliseconds']), Number(line['storedBytes'])];
        return { kind: 'checkpoint-completed', time, milliseconds, storedBytes };
      }
      return undefined;
    },
  };
}

function trigger(checkpoints: NonNullable<MillraceEngineOptions['checkpoints']>): string[] {
  return checkpoints === 'on-demand'
    ? ['--checkpoint-trigger', 'on-demand']
    : ['--checkpoint-interval-ms', String(checkpoints.intervalMs)];
}
