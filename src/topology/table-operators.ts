import type { KStream, KTable } from './dsl';
import type { Erased, ErasedOptions } from './erased';
import type { StreamFactory, StreamPosition } from './stream-position';
import { addSuppression } from './suppress-operators';
import type { Suppression } from './suppression';
import type { TopologyDraft } from './topology-draft';
import type { SuppressOptions } from './windowed-options';

type KeyMapper = (key: unknown, value: unknown) => unknown;

/** Behind {@link KTable}. */
export class TableOperators implements Erased<KTable<unknown, unknown>> {
  constructor(
    private readonly draft: TopologyDraft,
    private readonly at: StreamPosition,
    readonly storeName: string,
    private readonly streamAt: StreamFactory,
  ) {}

  suppress(suppression: Suppression<unknown>, options?: SuppressOptions): TableOperators {
    const at = addSuppression(this.draft, this.at, suppression, options);
    return new TableOperators(this.draft, at, this.storeName, this.streamAt);
  }

  toStream(first?: KeyMapper | ErasedOptions, second?: ErasedOptions): KStream<unknown, unknown> {
    const mapper = typeof first === 'function' ? first : undefined;
    const options = typeof first === 'function' ? second : first;
    const node = this.draft.nextName('toStream', options?.name);
    this.draft.addProcessor(node, { type: 'toStream', mapper }, [this.at.node]);
    return this.streamAt(
      this.draft,
      mapper === undefined ? { ...this.at, node } : { ...this.at, node, keySerde: undefined, keyChanged: true },
    );
  }
}
