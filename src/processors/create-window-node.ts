import type { Windowed } from '../serde/windowed';
import type { TimedKey } from '../serde/timed-keys';
import type { EpochStore } from '../state/epoch-store';
import type { WindowAggregateOperator } from '../topology/window-operators';
import { SessionWindowNode } from './session-window-node';
import { SlidingWindowNode } from './sliding-window-node';
import type { TaskContext } from './task-context';
import { TimeWindowNode } from './time-window-node';
import type { WindowedNode } from './windowed-node';

/** The behaviour of a windowed aggregation, for one task. Each kind of window has keys of its own in the store. */
export function createWindowNode(name: string, context: TaskContext, operator: WindowAggregateOperator): WindowedNode {
  const { window } = operator;
  const store: unknown = context.stores.get(operator.store);
  switch (window.type) {
    case 'tumbling':
    case 'hopping':
      return new TimeWindowNode(name, context, operator, window, store as EpochStore<Windowed<unknown>, unknown>);
    case 'sliding':
      return new SlidingWindowNode(name, context, operator, window, store as EpochStore<TimedKey<unknown>, unknown>);
    case 'session':
      return new SessionWindowNode(name, context, operator, window, store as EpochStore<TimedKey<unknown>, unknown>);
  }
}
