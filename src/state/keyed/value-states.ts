import type { AggregatingState, ReducingState, ValueState } from '../../topology/keyed-state';
import type { AggregateFunction } from '../../topology/state-descriptors';
import type { KeyedValue } from './keyed-value';

/** Behind {@link ValueState}. */
export class StoredValueState<V> implements ValueState<V> {
  constructor(private readonly stored: KeyedValue<V>) {}

  value(): V | undefined {
    return this.stored.read();
  }

  update(value: V | null | undefined): void {
    this.stored.write(value ?? undefined);
  }

  clear(): void {
    this.stored.write(undefined);
  }
}

/** Behind {@link ReducingState}. */
export class StoredReducingState<V> implements ReducingState<V> {
  constructor(
    private readonly stored: KeyedValue<V>,
    private readonly reduce: (accumulated: V, value: V) => V,
  ) {}

  get(): V | undefined {
    return this.stored.read();
  }

  add(value: V): void {
    const accumulated = this.stored.read();
    this.stored.write(accumulated === undefined ? value : this.reduce(accumulated, value));
  }

  clear(): void {
    this.stored.write(undefined);
  }
}

/** Behind {@link AggregatingState}. */
export class StoredAggregatingState<In, Acc, Out> implements AggregatingState<In, Out> {
  constructor(
    private readonly stored: KeyedValue<Acc>,
    private readonly aggregate: AggregateFunction<In, Acc, Out>,
  ) {}

  get(): Out | undefined {
    const accumulator = this.stored.read();
    return accumulator === undefined ? undefined : this.aggregate.getResult(accumulator);
  }

  add(value: In): void {
    const accumulator = this.stored.read() ?? this.aggregate.createAccumulator();
    this.stored.write(this.aggregate.add(value, accumulator));
  }

  clear(): void {
    this.stored.write(undefined);
  }
}
