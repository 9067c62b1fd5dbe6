import type { Logger } from '../../src/logging/logger';
import { silentLogger } from '../../src/logging/logger';
import { RestoreProgress, type RunningRestore } from '../../src/runtime/restore-progress';

describe('the progress of a restore', () => {
  let lines: object[];
  let begun: RunningRestore[];
  let time: number;

  function progressOf(total: number): RestoreProgress {
    lines = [];
    begun = [];
    time = 100;
    const logger: Logger = { ...silentLogger, info: (fields: object) => void lines.push(fields) };
    const from = 'checkpoint-7';
    const listener = (restore: RunningRestore): void => void begun.push(restore);
    return new RestoreProgress({ task: '0_1', from, unit: 'bytes', total, logger, now: () => time, listener });
  }

  it('is told every five seconds, with percent and rate', () => {
    const progress = progressOf(1_000);
    time += 4_999;
    progress.advance(100);
    expect(lines).toEqual([]);
    time += 1;
    progress.advance(100);
    progress.advance(100);
    expect(lines).toMatchObject([{ task: '0_1', from: 'checkpoint-7', done: 200, percent: 20, perSecond: 40 }]);
    expect(progress.remaining).toBe(700);
  });

  it('is there to be looked at from its beginning on', () => {
    const progress = progressOf(1_000);
    const [restore] = begun;
    expect(restore).toMatchObject({ task: '0_1', from: 'checkpoint-7', unit: 'bytes', total: 1_000, done: 0 });
    progress.advance(100);
    expect(restore).toMatchObject({ done: 100, isOver: false });
    progress.end();
    expect(restore!.isOver).toBe(true);
  });

  it('is not told of a restore that is over', () => {
    const progress = progressOf(1_000);
    time += 60_000;
    progress.advance(1_000);
    expect(lines).toEqual([]);
    expect(progress.remaining).toBe(0);
  });
});
