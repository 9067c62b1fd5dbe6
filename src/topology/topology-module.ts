import type { Topology } from './graph';
import type { StreamsBuilder } from './streams-builder';

/**
 * What a topology module exports as its default, for `millrace run <module>` and `millrace describe <module>`: a function that
 * writes its streams to a builder, or a topology that is already built.
 *
 * Prefer the function. Several such modules can share one builder, and so become one application.
 *
 * @example
 * export default function orders(builder: StreamsBuilder): void {
 *   builder.stream('orders', { key: serdes.string, value: serdes.string }).to('copy');
 * }
 */
export type TopologyModule = Topology | ((builder: StreamsBuilder) => void);
