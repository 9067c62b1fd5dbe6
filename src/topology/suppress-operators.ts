import { bufferedChanges } from '../serde/buffered-changes';
import { timedKeys } from '../serde/timed-keys';
import { checkSuppression } from './check-windows';
import type { Suppression } from './suppression';
import type { StreamPosition } from './stream-position';
import type { TopologyDraft } from './topology-draft';
import { NoWindowToCloseError } from './window-errors';
import { closingDelay } from './window-operators';
import type { SuppressOptions } from './windowed-options';

/** Adds a `suppress` behind a table, and returns where the table stands then. */
export function addSuppression(
  draft: TopologyDraft,
  at: StreamPosition,
  suppression: Suppression<unknown>,
  options: SuppressOptions | undefined,
): StreamPosition {
  const node = draft.nextName('suppress', options?.name);
  const store = options?.store ?? `${node}-store`;
  checkSuppression(node, suppression, (problem) => draft.report(problem));
  const keySerde = draft.require('key', at.keySerde, node, `for the store '${store}'`);
  const valueSerde = draft.require('value', at.valueSerde, node, `for the store '${store}'`);
  draft.addStore({
    kind: 'suppression',
    name: store,
    keySerde: timedKeys(keySerde),
    valueSerde: bufferedChanges(valueSerde),
    changelog: true,
    backend: 'rocksdb',
  });
  const { until, ms = 0, maxRecords, maxBytes, whenFull } = suppression;
  const closes = until === 'window-closes';
  const waitMs = closes ? windowDelay(draft, at.node, node) : ms;
  draft.addProcessor(
    node,
    {
      type: 'suppress',
      store,
      time: closes ? 'window-end' : 'timestamp',
      waitMs,
      maxRecords,
      maxBytes,
      whenFull,
      keySerde,
      valueSerde,
    },
    [at.node],
    [store],
  );
  return { ...at, node };
}

/** How long after their ends the windows above are closed. */
function windowDelay(draft: TopologyDraft, above: string, node: string): number {
  const delays = draft.findAbove(above, (operator) =>
    operator.type === 'windowAggregate' ? closingDelay(operator.window) : undefined,
  );
  if (delays.length === 0) draft.report(new NoWindowToCloseError(node));
  return Math.max(0, ...delays);
}
