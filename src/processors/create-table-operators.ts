import type { ForeignKeyOperator } from '../topology/foreign-key-operators';
import type { TableNodeOperator } from '../topology/table-node-operators';
import { BufferedStreamTableJoinNode } from './buffered-stream-table-join-node';
import {
  ForeignKeyLookupNode,
  ForeignKeyResponseNode,
  ForeignKeySubscribeNode,
  ForeignKeyUpdateNode,
} from './foreign-key-nodes';
import type { OperatorNode } from './operator-node';
import { StreamGlobalTableJoinNode } from './stream-global-table-join-node';
import { StreamTableJoinNode } from './stream-table-join-node';
import { TableAggregateNode, TableGroupByNode } from './table-aggregate-nodes';
import { TableJoinNode } from './table-join-node';
import {
  TableFilterNode,
  TableJoinMergeNode,
  TableMapValuesNode,
  TableSourceNode,
  TableTransformValuesNode,
} from './table-nodes';
import type { TaskContext } from './task-context';
import { VersionedTableSourceNode } from './versioned-table-source-node';

/** Gives a node that belongs to a table its behaviour, for one task. */
export function createTableOperator(
  name: string,
  operator: TableNodeOperator | ForeignKeyOperator,
  context: TaskContext,
): OperatorNode {
  switch (operator.type) {
    case 'tableSource':
      return operator.versioned === undefined
        ? new TableSourceNode(name, context, operator)
        : new VersionedTableSourceNode(name, context, operator.store!, operator.versioned);
    case 'tableFilter':
      return new TableFilterNode(name, context, operator);
    case 'tableMapValues':
      return new TableMapValuesNode(name, context, operator);
    case 'tableTransformValues':
      return new TableTransformValuesNode(name, context, operator);
    case 'tableGroupBy':
      return new TableGroupByNode(name, context, operator);
    case 'tableAggregate':
      return new TableAggregateNode(name, context, operator);
    case 'tableJoin':
      return new TableJoinNode(name, context, operator);
    case 'tableJoinMerge':
      return new TableJoinMergeNode(name, context, operator.store);
    case 'streamTableJoin':
      return operator.buffer === undefined
        ? new StreamTableJoinNode(name, context, operator)
        : new BufferedStreamTableJoinNode(name, context, operator, operator.buffer);
    case 'streamGlobalTableJoin':
      return new StreamGlobalTableJoinNode(name, context, operator);
    case 'foreignKeySubscribe':
      return new ForeignKeySubscribeNode(name, context, operator);
    case 'foreignKeyLookup':
      return new ForeignKeyLookupNode(name, context, operator);
    case 'foreignKeyUpdate':
      return new ForeignKeyUpdateNode(name, context, operator);
    case 'foreignKeyResponse':
      return new ForeignKeyResponseNode(name, context, operator);
  }
}
