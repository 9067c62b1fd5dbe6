import type { Serde } from '../serde/serde';
import type { ValueTransformerSupplier } from './value-transformer';

/** What is needed to read a store that keeps past values too. */
export interface VersionedStore {
  readonly keySerde: Serde<unknown>;
  /** For how long a value can be looked up after it was replaced. */
  readonly historyRetentionMs: number;
}

/**
 * How to look up a table's current value for a key, as plain data: from the store that holds the table, or worked out from the
 * tables that it is made of. A join reads the other table through its view, so that a table needs no store of its own to be joined.
 */
export type TableView =
  | { readonly type: 'store'; readonly store: string; readonly versioned: VersionedStore | undefined }
  | {
      readonly type: 'filter';
      readonly of: TableView;
      readonly predicate: (key: unknown, value: unknown) => boolean;
      readonly negate: boolean;
    }
  | {
      readonly type: 'mapValues';
      readonly of: TableView;
      readonly mapper: (value: unknown, key: unknown) => unknown;
    }
  | {
      readonly type: 'transformValues';
      readonly of: TableView;
      readonly supplier: ValueTransformerSupplier<unknown, unknown, unknown>;
      /** The transformer's own stores. */
      readonly stores: readonly string[];
    }
  | {
      readonly type: 'join';
      readonly kind: TableJoinKind;
      readonly left: TableView;
      readonly right: TableView;
      readonly joiner: (left: unknown, right: unknown) => unknown;
    };

export type TableJoinKind = 'inner' | 'left' | 'outer';

/** Names of all stores that a view reads. */
export function storesOf(view: TableView): readonly string[] {
  switch (view.type) {
    case 'store':
      return [view.store];
    case 'filter':
    case 'mapValues':
      return storesOf(view.of);
    case 'transformValues':
      return [...new Set([...storesOf(view.of), ...view.stores])];
    case 'join':
      return [...new Set([...storesOf(view.left), ...storesOf(view.right)])];
  }
}

/** For how long a view can say what the value was in the past; undefined where it cannot at all. */
export function historyRetentionOf(view: TableView): number | undefined {
  switch (view.type) {
    case 'store':
      return view.versioned?.historyRetentionMs;
    case 'filter':
    case 'mapValues':
    case 'transformValues':
      return historyRetentionOf(view.of);
    case 'join':
      return undefined;
  }
}
