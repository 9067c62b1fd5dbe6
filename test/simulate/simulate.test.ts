import { runSeed } from './run-seed';

const SEEDS = 200;
const base = Number(process.env['MILLRACE_TEST_SEED'] ?? 1);

describe(`A rewind to a checkpoint (${SEEDS} seeds from ${base} on)`, () => {
  it('ends as a run without failures, whatever happened when it was taken', async () => {
    const faults: string[] = [];
    let inFlight = 0;
    for (let seed = base; seed < base + SEEDS; seed++) {
      const result = await runSeed(seed);
      inFlight += result.inFlight;
      faults.push(...result.faults.map((fault) => `${result.title}: ${fault}`));
    }
    expect(faults).toEqual([]);
    // Else the cuts had nothing to be right about.
    expect(inFlight).toBeGreaterThan(SEEDS);
    // Half a minute; much more on a machine that is busy with other things.
  }, 900_000);

  it.each(['barriers ignored', 'cut one record late'] as const)(
    'goes wrong with %s',
    async (mutation) => {
      let found = false;
      for (let seed = base; seed < base + SEEDS && !found; seed++)
        found = (await runSeed(seed, mutation)).faults.length > 0;
      expect(found).toBe(true);
    },
    300_000,
  );
});
