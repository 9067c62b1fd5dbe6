import type { EpochStore } from '../state/epoch-store';
import { SegmentedStore } from './segmented-store';
import { SessionStoreView } from './session-store-view';
import { TimestampedStoreView } from './timestamped-store-view';
import { VersionedStoreView } from './versioned-store-view';
import { WindowStoreView } from './window-store-view';

/** What a processor gets when it asks for a store. */
export interface StoreView {
  readonly store: unknown;
  /** Of a store that forgets: to be awaited before it is used, and to be called after each record. */
  readonly segments: SegmentedStore<unknown> | undefined;
}

const WINDOW_NUMBERS = 1;
const WINDOW_NUMBERS_WITH_DUPLICATES = 2;
const SESSION_NUMBERS = 2;

/** @param dropped - called when a put is too late to be kept */
export function openStoreView(store: EpochStore<unknown, unknown>, dropped: () => void): StoreView {
  const { definition, name } = store;
  const { retention, kind } = definition;
  if (definition.showsTimestamps === true) return { store: new TimestampedStoreView(store), segments: undefined };
  if (kind === 'versioned-key-value') return { store: new VersionedStoreView(store), segments: undefined };
  if (retention === undefined) return { store, segments: undefined };
  const entries = store as unknown as EpochStore<string, Buffer>;
  if (kind === 'session') {
    const segments = new SegmentedStore<unknown>(entries, retention, SESSION_NUMBERS);
    return { store: new SessionStoreView(name, segments, retention, dropped), segments };
  }
  const numbers = retention.retainDuplicates ? WINDOW_NUMBERS_WITH_DUPLICATES : WINDOW_NUMBERS;
  const segments = new SegmentedStore<unknown>(entries, retention, numbers);
  return { store: new WindowStoreView(name, segments, retention, dropped), segments };
}
