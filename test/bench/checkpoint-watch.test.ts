import { PauseSeries } from '../../bench/checkpoint-watch';

describe('the pauses of commits, seen as count and sum of a histogram', () => {
  it('give the longest, where each came by itself', () => {
    const pauses = new PauseSeries();
    pauses.seen(0, 0);
    pauses.seen(1, 0.01);
    pauses.seen(1, 0.01);
    pauses.seen(2, 0.05);
    pauses.seen(3, 0.07);
    expect(pauses.longestSeconds).toBeCloseTo(0.04);
  });

  it('count as their mean where several came between two looks', () => {
    const pauses = new PauseSeries();
    pauses.seen(2, 0.06);
    expect(pauses.longestSeconds).toBeCloseTo(0.03);
  });
});
