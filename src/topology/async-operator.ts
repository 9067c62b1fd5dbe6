import type { Serde } from '../serde/serde';
import type { AsyncCallContext, AsyncOrder, AsyncOutput, AsyncRecord, AsyncRetryOptions } from './async-call';
import { TopologyError } from './errors';
import type { Awaitable } from './processor-api';

/** Calls a function that answers later, for several records at a time. */
export interface AsyncOperator {
  readonly type: 'async';
  /** What is handed on for a record. */
  readonly call: (
    record: AsyncRecord<unknown, unknown>,
    context: AsyncCallContext,
  ) => Awaitable<Iterable<AsyncOutput<unknown, unknown>>>;
  readonly keepsKey: boolean;
  readonly concurrency: number;
  readonly order: AsyncOrder;
  /** Tells keys apart, with `order: 'key'`. */
  readonly keySerde: Serde<unknown> | undefined;
  readonly timeoutMs: number;
  /** For all attempts together. */
  readonly totalTimeoutMs: number | undefined;
  readonly retries: number;
  readonly backoffMs: number;
  readonly maxBackoffMs: number;
  readonly jitter: number;
  readonly retryIf: (error: unknown, attempt: number) => boolean;
}

/** An asynchronous operator's options without their types. */
export interface ErasedAsyncOptions extends AsyncRetryOptions {
  readonly name?: string | undefined;
  readonly concurrency?: number | undefined;
  readonly order?: AsyncOrder | undefined;
  readonly key?: Serde<unknown> | undefined;
  readonly timeoutMs?: number | undefined;
  readonly totalTimeoutMs?: number | undefined;
}

/** An option of an asynchronous operator that makes no sense. */
export class IllegalAsyncOptionError extends TopologyError {
  readonly code = 'TOPOLOGY_ILLEGAL_ASYNC_OPTION';

  constructor(node: string, option: string, value: unknown, expected: string) {
    super(`Node '${node}' has ${option} ${JSON.stringify(value) ?? String(value)}. Give ${expected}.`, {
      location: { node },
    });
  }
}

const LONGEST_TIMER_MS = 2 ** 31 - 1;

type Checked = Pick<
  AsyncOperator,
  | 'concurrency'
  | 'order'
  | 'timeoutMs'
  | 'totalTimeoutMs'
  | 'retries'
  | 'backoffMs'
  | 'maxBackoffMs'
  | 'jitter'
  | 'retryIf'
>;

/** The options with their defaults; each that makes no sense is reported. */
export function asyncSettings(
  node: string,
  options: ErasedAsyncOptions,
  report: (problem: TopologyError) => void,
): Checked {
  const settings: Checked = {
    concurrency: options.concurrency ?? 16,
    order: options.order ?? 'partition',
    timeoutMs: options.timeoutMs ?? 30_000,
    totalTimeoutMs: options.totalTimeoutMs,
    retries: options.retries ?? 0,
    backoffMs: options.backoffMs ?? 100,
    maxBackoffMs: options.maxBackoffMs ?? 10_000,
    jitter: options.jitter ?? 0.5,
    retryIf: options.retryIf ?? (() => true),
  };
  const wholeNumber = (option: 'concurrency' | 'retries', low: number): void => {
    const value = settings[option];
    if (!Number.isSafeInteger(value) || value < low)
      report(new IllegalAsyncOptionError(node, option, value, `a whole number from ${low} up`));
  };
  const milliseconds = (option: 'timeoutMs' | 'totalTimeoutMs' | 'backoffMs' | 'maxBackoffMs', low: number): void => {
    const value = settings[option];
    if (value !== undefined && !(value >= low && value <= LONGEST_TIMER_MS))
      report(new IllegalAsyncOptionError(node, option, value, `milliseconds from ${low} to ${LONGEST_TIMER_MS}`));
  };
  wholeNumber('concurrency', 1);
  wholeNumber('retries', 0);
  milliseconds('timeoutMs', 1);
  milliseconds('totalTimeoutMs', 1);
  milliseconds('backoffMs', 0);
  milliseconds('maxBackoffMs', 0);
  if (!(settings.jitter >= 0 && settings.jitter <= 1))
    report(new IllegalAsyncOptionError(node, 'jitter', settings.jitter, 'a number from 0 to 1'));
  if (!['partition', 'key', 'none'].includes(settings.order))
    report(new IllegalAsyncOptionError(node, 'order', settings.order, "'partition', 'key' or 'none'"));
  return settings;
}

type ErasedRecord = AsyncRecord<unknown, unknown>;
type ErasedCall = AsyncOperator['call'];

/** One value for a value. */
export function callForValue(
  mapper: (value: unknown, key: unknown, context: AsyncCallContext) => Awaitable<unknown>,
): ErasedCall {
  return async ({ key, value }, context) => [{ key, value: await mapper(value, key, context) }];
}

/** Any number of values for a value. */
export function callForValues(
  mapper: (value: unknown, key: unknown, context: AsyncCallContext) => Awaitable<Iterable<unknown>>,
): ErasedCall {
  return async ({ key, value }, context) =>
    [...(await mapper(value, key, context))].map((each) => ({ key, value: each }));
}

/** Any number of records for a record. */
export function callForRecords(
  process: (
    record: ErasedRecord,
    context: AsyncCallContext,
  ) => Awaitable<Iterable<AsyncOutput<unknown, unknown>> | void>,
): ErasedCall {
  return async (record, context) => [...((await process(record, context)) ?? [])];
}
