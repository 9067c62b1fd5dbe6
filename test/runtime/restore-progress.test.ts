import type { Logger } from '../../src/logging/logger';
import { silentLogger } from '../../src/logging/logger';
import { RestoreProgress } from '../../src/runtime/restore-progress';

describe('the progress of a restore', () => {
  let lines: object[];
  let time: number;

  function progressOf(total: number): RestoreProgress {
    lines = [];
    time = 100;
    const logger: Logger = { ...silentLogger, info: (fields: object) => void lines.push(fields) };
    const from = 'checkpoint-7';
    return new RestoreProgress({ task: '0_1', from, unit: 'bytes', total, logger, now: () => time });
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

  it('is not told of a restore that is over', () => {
    const progress = progressOf(1_000);
    time += 60_000;
    progress.advance(1_000);
    expect(lines).toEqual([]);
    expect(progress.remaining).toBe(0);
  });
});
