import { suppress, type KTable, type Windowed } from '../../../src';
import { tableNode, type Operators } from '../graph';

export const suppressions: Operators = {
  'suppress/table': (step, graph) => {
    const table = graph.input(step, 'table');
    const maxRecords = step.numberIfAny('maxRecords');
    if (step.text('until') === 'windowCloses') {
      const windowedTable = table as unknown as KTable<Windowed<string>, string>;
      return tableNode(windowedTable.suppress(suppress.untilWindowCloses({ maxRecords })));
    }
    const whenFull = step.flag('shutDownWhenFull') ? 'fail' : 'emit-early';
    return tableNode(table.suppress(suppress.untilTimeLimit({ ms: step.number('ms'), maxRecords, whenFull })));
  },
};
