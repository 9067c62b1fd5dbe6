import type { OperatorState } from '../../topology/keyed-state';
import type { EpochStore } from '../epoch-store';

/** The only key of the store: each task has a part of the store to itself. */
const KEY = 'state';

/** Behind {@link OperatorState}. */
export class StoredOperatorState<V> implements OperatorState<V> {
  private current: V | undefined;
  private bytes: Buffer | undefined;

  constructor(private readonly store: EpochStore<unknown, V>) {}

  /** To be awaited before the processor is given it. */
  async restore(): Promise<void> {
    const { value } = await this.store.load(KEY);
    this.current = value;
    if (value !== undefined) this.bytes = this.serialize(value);
  }

  value(): V | undefined {
    return this.current;
  }

  update(value: V): void {
    const bytes = this.serialize(value);
    this.current = value;
    if (this.bytes?.equals(bytes) === true) return;
    this.bytes = bytes;
    this.store.put(KEY, value);
  }

  private serialize(value: V): Buffer {
    return Buffer.from(this.store.definition.valueSerde.serialize(value));
  }
}
