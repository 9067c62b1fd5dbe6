import type { RunningRestore } from '../runtime/restore-progress';
import { readableBytes, readableDuration } from './readable-units';

const BAR_WIDTH = 24;

/** What is being restored, of all tasks together: from the first that begins until none is left. */
export class RestoreTotals {
  private readonly restores = new Set<RunningRestore>();
  private beganAt = 0;

  /** @param now - milliseconds that only go forward */
  constructor(private readonly now: () => number) {}

  add(restore: RunningRestore): void {
    if (this.restores.size === 0) this.beganAt = this.now();
    this.restores.add(restore);
  }

  /** A line for what is downloaded and one for what is read from changelogs; none when nothing is being restored. */
  lines(): string[] {
    const all = [...this.restores];
    if (all.every(({ isOver }) => isOver)) {
      this.restores.clear();
      return [];
    }
    return (['bytes', 'records'] as const).flatMap((unit) => {
      const restores = all.filter((restore) => restore.unit === unit);
      return restores.some(({ isOver }) => !isOver) ? [this.line(restores, unit)] : [];
    });
  }

  private line(restores: readonly RunningRestore[], unit: 'bytes' | 'records'): string {
    const total = sum(restores.map((restore) => restore.total));
    // Of one that was given up, the rest is not waited for; a changelog may end in markers, which are no records.
    const done = sum(
      restores.map((restore) => (restore.isOver ? restore.total : Math.min(restore.done, restore.total))),
    );
    const share = total === 0 ? 1 : done / total;
    const tasks = new Set(restores.filter(({ isOver }) => !isOver).map(({ task }) => task)).size;
    const seconds = (this.now() - this.beganAt) / 1_000;
    const perSecond = seconds > 0 ? done / seconds : 0;
    const amount =
      unit === 'bytes'
        ? `${readableBytes(done)} of ${readableBytes(total)}, ${readableBytes(Math.round(perSecond))}/s`
        : `${grouped(done)} of ${grouped(total)} records, ${grouped(perSecond)}/s`;
    const left = perSecond > 0 ? `, ${readableDuration((1_000 * (total - done)) / perSecond)} left` : '';
    const bar = '#'.repeat(Math.floor(BAR_WIDTH * share)).padEnd(BAR_WIDTH, '.');
    const what = unit === 'bytes' ? 'from checkpoints' : 'from changelogs';
    const percent = String(Math.floor(100 * share)).padStart(3);
    return `Restoring ${tasks} ${tasks === 1 ? 'task' : 'tasks'} ${what} [${bar}] ${percent} %: ${amount}${left}`;
  }
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, each) => total + each, 0);
}

function grouped(value: number): string {
  return Math.round(value).toLocaleString('en-US');
}
