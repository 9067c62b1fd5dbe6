import type { MillraceOptions } from '../../../src/config/millrace-config';
import type { Failpoint } from '../../../src/runtime/failpoints';
import type { StreamsBuilder } from '../../../src/topology/streams-builder';

/** Where a service sends itself a signal: SIGKILL to die, SIGSTOP to become a zombie. */
export interface SelfSignal {
  readonly point: Failpoint;
  /** Which time it comes there, from 1 on. */
  readonly visit: number;
  readonly signal: 'SIGKILL' | 'SIGSTOP';
}

/** What a service under test is told, as JSON in its first parameter. */
export interface ServiceSettings {
  /** A topology of this folder: the name of its file, without the extension. */
  readonly topology: string;
  /** What the topology is told, mostly names of topics. */
  readonly parameters: Readonly<Record<string, string>>;
  readonly options: MillraceOptions;
  /** Or the file that will say so: it is looked for whenever a failpoint is reached. */
  readonly selfSignal?: SelfSignal | { readonly file: string } | undefined;
}

/** What a topology of this folder exports as default. */
export type TestTopology<Parameters> = (builder: StreamsBuilder, parameters: Parameters) => void;
