import { CompiledServices } from '../support/compiled-services';
import { SeededRandom } from '../support/seeded-random';
import { assigned, fromNowOn, running } from '../support/service-fleet';
import type { LogLine, ServiceProcess } from '../support/service-process';
import { sharedBrokers } from '../support/shared-broker';
import { CountingRun } from '../chaos/counting-run';

const SEED = Number(process.env['MILLRACE_TEST_SEED'] ?? 9_001);
const ALL_TASKS = 8;

/** The tasks of the last assignment. */
function tasksOf({ log }: ServiceProcess): readonly string[] {
  const last = log.findLast((line) => line['event'] === 'assigned');
  return (last?.['tasks'] ?? []) as string[];
}

function openedTasks(lines: readonly LogLine[]): string[] {
  return lines.filter((line) => line['event'] === 'tasks_opened').flatMap((line) => line['tasks'] as string[]);
}

describe(`instances that come and go (seed ${SEED})`, () => {
  let services: CompiledServices;
  let run: CountingRun;

  beforeAll(async () => {
    services = await CompiledServices.compile();
    run = await CountingRun.prepare({ brokers: await sharedBrokers(), services, random: new SeededRandom(SEED) });
  });

  afterAll(async () => {
    await run.dispose();
    services.remove();
  });

  it('1, 2, 3 and again 1 share the tasks, keep what they have, and lose and double nothing', async () => {
    await run.startFeeding(200);
    const first = run.fleet.start('first');
    await first.until(assigned(ALL_TASKS), { what: 'all tasks' });
    await first.until(running, { what: 'the running state' });
    await run.untilProgress();
    const linesAlone = first.log.length;

    const second = run.fleet.start('second');
    await second.until(assigned(1), { what: 'tasks' });
    await second.until(running, { what: 'the running state' });
    await run.untilProgress();
    expect(tasksOf(first)).toHaveLength(4);
    expect(tasksOf(second)).toHaveLength(4);
    expect(new Set([...tasksOf(first), ...tasksOf(second)]).size).toBe(ALL_TASKS);
    const ofSecondBefore = tasksOf(second);
    const ofFirstBefore = tasksOf(first);

    const third = run.fleet.start('third');
    await third.until(assigned(1), { what: 'tasks' });
    await third.until(running, { what: 'the running state' });
    await run.untilProgress();
    expect(ofFirstBefore).toEqual(expect.arrayContaining([...tasksOf(first)]));
    expect(ofSecondBefore).toEqual(expect.arrayContaining([...tasksOf(second)]));
    expect([tasksOf(first).length, tasksOf(second).length, tasksOf(third).length].sort()).toEqual([2, 3, 3]);
    // What it kept it did not open again.
    expect(openedTasks(first.log.slice(linesAlone))).toEqual([]);

    const allAgain = fromNowOn(first, assigned(ALL_TASKS));
    expect(await Promise.all([second.terminate(), third.terminate()])).toEqual([
      { code: 0, signal: null },
      { code: 0, signal: null },
    ]);
    await first.until(allAgain, { what: 'all tasks again' });
    await run.untilProgress();
    expect(await run.finish()).toMatchObject({ faults: [] });
  }, 120_000);
});
