import type { ErasedOptions } from './erased';
import { ForeignStreamError, IllegalNameError } from './errors';
import { checkJoinWindows } from './join-window-errors';
import type { JoinWindows } from './join-windows';
import { isLegalName } from './node-names';
import type { JoinType, StreamJoin } from './stream-join';
import { streamJoinStores } from './stream-join-stores';
import type { StreamPosition } from './stream-position';
import type { TopologyDraft } from './topology-draft';

export interface ErasedJoinOptions extends ErasedOptions {
  readonly otherValue?: ErasedOptions['value'];
}

/** Adds a windowed join of two streams to the draft, and returns where its results are. */
export function addStreamJoin(
  draft: TopologyDraft,
  left: StreamPosition,
  right: StreamPosition | undefined,
  joinType: JoinType,
  joiner: StreamJoin['joiner'],
  windows: JoinWindows,
  options: ErasedJoinOptions | undefined,
): StreamPosition {
  const kind = { inner: 'join', left: 'leftJoin', outer: 'outerJoin' }[joinType];
  const node = draft.nextName(kind, options?.name);
  const known = checkJoinWindows(draft, node, windows);
  if (right === undefined) {
    draft.report(new ForeignStreamError(node));
    return left;
  }
  if (!known) return { ...left, node: left.node, valueSerde: undefined };
  const base = options?.store ?? node;
  if (!isLegalName(base)) draft.report(new IllegalNameError('store', base, { node, store: base }));
  const purpose = `for the join '${node}'`;
  const keySerde = draft.require('key', options?.key ?? left.keySerde ?? right.keySerde, left.node, purpose);
  const leftSerde = draft.require('value', options?.value ?? left.valueSerde, left.node, purpose);
  const rightSerde = draft.require('value', options?.otherValue ?? right.valueSerde, right.node, purpose);
  const join: StreamJoin = {
    name: node,
    joinType,
    windows,
    joiner,
    keySerde,
    leftSerde,
    rightSerde,
    leftStore: `${base}-left-store`,
    rightStore: `${base}-right-store`,
    unjoinedStore: joinType === 'inner' ? undefined : `${base}-unjoined-store`,
  };
  const stores = streamJoinStores(join, options);
  for (const store of stores) draft.addStore(store);
  const names = stores.map(({ name }) => name);
  const repartitioned = (side: 'left' | 'right', at: StreamPosition, valueSerde: typeof leftSerde): string =>
    at.keyChanged
      ? draft.addRepartition({ name: `${base}-${side}`, keySerde, valueSerde, takesNullKeys: true }, at.node)
      : at.node;
  const leftParent = repartitioned('left', left, leftSerde);
  const rightParent = repartitioned('right', right, rightSerde);
  draft.addProcessor(`${node}-left`, { type: 'streamJoin', side: 'left', join }, [leftParent], names);
  draft.addProcessor(`${node}-right`, { type: 'streamJoin', side: 'right', join }, [rightParent], names);
  draft.addProcessor(node, { type: 'passThrough' }, [`${node}-left`, `${node}-right`]);
  return { node, keySerde, valueSerde: undefined, keyChanged: false };
}
