import { ApplicationStateMachine, type ApplicationState } from '../../src/runtime/application-state';

/** How to get to each state from the first one. */
const WAYS: Readonly<Record<ApplicationState, readonly ApplicationState[]>> = {
  CREATED: [],
  REBALANCING: ['REBALANCING'],
  RUNNING: ['REBALANCING', 'RUNNING'],
  PENDING_SHUTDOWN: ['PENDING_SHUTDOWN'],
  NOT_RUNNING: ['PENDING_SHUTDOWN', 'NOT_RUNNING'],
  PENDING_ERROR: ['PENDING_ERROR'],
  ERROR: ['PENDING_ERROR', 'ERROR'],
};
const STATES = Object.keys(WAYS) as ApplicationState[];
const ALLOWED = [
  'CREATED REBALANCING',
  'CREATED PENDING_SHUTDOWN',
  'CREATED PENDING_ERROR',
  'REBALANCING RUNNING',
  'REBALANCING PENDING_SHUTDOWN',
  'REBALANCING PENDING_ERROR',
  'RUNNING REBALANCING',
  'RUNNING PENDING_SHUTDOWN',
  'RUNNING PENDING_ERROR',
  'PENDING_SHUTDOWN NOT_RUNNING',
  'PENDING_SHUTDOWN PENDING_ERROR',
  'PENDING_ERROR ERROR',
];

function machineIn(state: ApplicationState): ApplicationStateMachine {
  const machine = new ApplicationStateMachine();
  for (const step of WAYS[state]) machine.transition(step);
  return machine;
}

describe('ApplicationStateMachine', () => {
  it('allows the transitions of Kafka Streams and no others', () => {
    const allowed = STATES.flatMap((from) =>
      STATES.filter((to) => {
        const machine = machineIn(from);
        const moved = machine.transition(to);
        expect(machine.state).toBe(moved ? to : from);
        return moved;
      }).map((to) => `${from} ${to}`),
    );
    expect(allowed.sort()).toEqual([...ALLOWED].sort());
  });

  it('tells its listeners of each transition, until they are removed', () => {
    const machine = new ApplicationStateMachine();
    const heard: string[] = [];
    const remove = machine.onChange((next, before) => heard.push(`${before} -> ${next}`));
    machine.transition('REBALANCING');
    machine.transition('REBALANCING');
    machine.transition('NOT_RUNNING');
    machine.transition('RUNNING');
    remove();
    machine.transition('PENDING_SHUTDOWN');
    expect(heard).toEqual(['CREATED -> REBALANCING', 'REBALANCING -> RUNNING']);
  });

  it('tells a listener that removes itself once', () => {
    const machine = new ApplicationStateMachine();
    let heard = 0;
    const remove = machine.onChange(() => {
      heard++;
      remove();
    });
    machine.transition('REBALANCING');
    machine.transition('RUNNING');
    expect(heard).toBe(1);
  });
});
