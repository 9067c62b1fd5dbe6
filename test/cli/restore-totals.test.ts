import { RestoreTotals } from '../../src/cli/restore-totals';
import type { RunningRestore } from '../../src/runtime/restore-progress';

describe('the totals of what is being restored', () => {
  let time: number;
  let totals: RestoreTotals;

  beforeEach(() => {
    time = 5_000;
    totals = new RestoreTotals(() => time);
  });

  function begin(task: string, unit: 'bytes' | 'records', total: number): { done: number; isOver: boolean } {
    const restore = { task, from: 'somewhere', unit, total, done: 0, isOver: false };
    totals.add(restore satisfies RunningRestore);
    return restore;
  }

  it('are those of all tasks, with rate and time left', () => {
    const [one, other] = [begin('0_0', 'records', 3_000), begin('0_1', 'records', 1_000)];
    begin('0_1', 'records', 0);
    time += 2_000;
    one.done = 500;
    other.done = 500;
    expect(totals.lines()).toEqual([
      'Restoring 2 tasks from changelogs [######..................]  25 %: 1,000 of 4,000 records, 500/s, 6.0 s left',
    ]);
  });

  it('count what is over as done, whatever it was given up for, and begin anew when all is', () => {
    const [one, other] = [begin('0_0', 'bytes', 3 * 1024), begin('0_1', 'bytes', 1024)];
    time += 1_000;
    one.isOver = true;
    expect(totals.lines()).toEqual([
      'Restoring 1 task from checkpoints [##################......]  75 %: 3.0 KiB of 4.0 KiB, 3.0 KiB/s, 333 ms left',
    ]);
    other.isOver = true;
    expect(totals.lines()).toEqual([]);
    begin('0_0', 'records', 10);
    expect(totals.lines()).toEqual([
      'Restoring 1 task from changelogs [........................]   0 %: 0 of 10 records, 0/s',
    ]);
  });

  it('are told apart by what they count, and never pass their end', () => {
    begin('0_0', 'bytes', 1024);
    begin('0_1', 'records', 10).done = 12;
    time += 1_000;
    expect(totals.lines().map((line) => line.slice(0, 68))).toEqual([
      'Restoring 1 task from checkpoints [........................]   0 %: ',
      'Restoring 1 task from changelogs [########################] 100 %: 1',
    ]);
  });
});
