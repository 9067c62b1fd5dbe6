import type { Serde } from '../serde/serde';

/**
 * A further output of a processor, beside its main stream. Flink: `OutputTag`. The processor emits with
 * `context.output(...)`, and `processed.sideOutput(...)` gives the stream.
 */
export interface SideOutput<K, V> {
  readonly name: string;
  readonly keySerde: Serde<K>;
  readonly valueSerde: Serde<V>;
}

/**
 * Describes a side output.
 *
 * @example
 * const rejected = sideOutput({ name: 'rejected', key: serdes.string, value: serdes.json<Order>() });
 */
export function sideOutput<K, V>(options: {
  /** Its node is `<processor>-<name>`. */
  readonly name: string;
  readonly key: Serde<K>;
  readonly value: Serde<V>;
}): SideOutput<K, V> {
  return Object.freeze({ name: options.name, keySerde: options.key, valueSerde: options.value });
}
