import { readFileSync } from 'node:fs';
import path from 'node:path';

/** A block of code of the documentation, as a module of its own that exports the function that runs it. */
export interface Example {
  /** The page, and the line on which the block begins. */
  readonly name: string;
  /** Undefined where a comment before the block says why its code is not compiled. */
  readonly module: string | undefined;
  /** Whether the code needs what a comment `given:` declares, and so can be compiled only. */
  readonly runs: boolean;
  /** Whether it adds to a topology. */
  readonly builds: boolean;
  /** What the page says that the topology does: lines `topic key=value@time -> results`. */
  readonly lines: readonly string[] | undefined;
}

export const root = path.join(__dirname, '../..');

/** Streams that examples use without making them. */
const STREAMS: Readonly<Record<string, string>> = {
  orders: "builder.stream('orders', { key: serdes.string, value: serdes.json<Order>() })",
  payments: "builder.stream('payments', { key: serdes.string, value: serdes.json<Payment>() })",
  measurements: "builder.stream('measurements', { key: serdes.string, value: serdes.float64 })",
  sensors: "builder.stream('sensors', { key: serdes.string, value: serdes.float64 })",
  events: "builder.stream('events', { key: serdes.string, value: serdes.json<Event>() })",
  clicks: "builder.stream('clicks', { key: serdes.string, value: serdes.json<Click>() })",
  customers: "builder.table('customers', { key: serdes.string, value: serdes.json<Customer>() })",
};

const IMPORTS = `
import * as millrace from 'millrace';
import type {
  Awaitable, KeyValueStore, OnTimerContext, OperatorState, Processor, ProcessorContext, SessionStore, StoreDefinition, StoreOf,
  StreamRecord, StreamsBuilder as Builder, TimestampedKeyValueStore, ValueState, ValueTransformer, ValueTransformerContext, WindowStore,
} from 'millrace';
import { TopologyTestDriver } from 'millrace/testing';
const { operatorState, serdes, sideOutput, stores, StreamsBuilder, suppress, valueState, windows } = millrace;
interface Order { id: string; customer: string; price: number; orderedAt?: number }
interface Payment { orderId: string; amount: number }
interface PaidOrder extends Order { paid: number }
interface Click { page: string }
interface Customer { name: string }
interface Event { id: string }
interface Session { pages: string[] }
const text = { key: serdes.string, value: serdes.string };
`.replaceAll('\n', ' ');

/** The blocks of a page, in order. */
export function examplesOf(page: string): Example[] {
  const markdown = readFileSync(path.join(root, page), 'utf8');
  const blocks = markdown.matchAll(/(?:<!-- (.*?) -->\n+)?```ts\n(.*?)```(?:\s*```text\n([^`]*? -> [^`]*?)```)?/gs);
  return [...blocks].map(([all, comment = '', code, lines]) => {
    const given = comment.startsWith('given: ') ? comment.slice('given: '.length) : undefined;
    const line = markdown.slice(0, markdown.indexOf(all) + all.indexOf('```ts')).split('\n').length;
    return {
      name: `${page}:${line}`,
      module: comment.startsWith('not compiled: ') ? undefined : moduleOf(code!, given),
      runs: given === undefined,
      builds: !code!.includes('const builder') && (/\bbuilder\b/.test(code!) || streamsIn(code!).length > 0),
      lines: lines?.trim().split('\n'),
    };
  });
}

function streamsIn(code: string): string[] {
  return Object.keys(STREAMS).filter(
    (name) => new RegExp(`\\b${name}(\\n *)?[.,)]`).test(code) && !new RegExp(`const ${name}\\b`).test(code),
  );
}

function moduleOf(code: string, given: string | undefined): string {
  if (/^import /m.test(code)) return code;
  const streams = streamsIn(code).map((name) => `const ${name} = ${STREAMS[name]};`);
  const parameters = ['builder: Builder', ...(given === undefined ? [] : [given])];
  const wait = /\bawait\b/.test(code) ? 'async ' : '';
  const start = `${IMPORTS} export default ${wait}function example(${parameters.join(', ')}) { ${streams.join(' ')}`;
  return `${start} {\n${code}\n} }\n`;
}
