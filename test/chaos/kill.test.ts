import { sharedBrokers } from '../support/shared-broker';
import { runChaos } from './chaos-run';

const SEED = Number(process.env['MILLRACE_TEST_SEED'] ?? 20_250_101);

/* Each line moves counters by one, so the outputs of a run without failures are 1, 2, 3 ... n for every key:

     input        a b a        c a        b
     counts       a:1 b:1 a:2  c:1 a:3    b:2       a killed epoch's  a:2 c:1  is in the log too, and invisible
*/
describe(`random SIGKILLs (seed ${SEED})`, () => {
  const log = (line: string): void => void process.stderr.write(`${line}\n`);

  it.each([
    { instances: 1, kills: 6 },
    { instances: 2, kills: 7 },
    { instances: 3, kills: 7 },
  ])(
    '$kills kills of $instances instances lose nothing and double nothing',
    async ({ instances, kills }) => {
      const result = await runChaos({
        brokers: await sharedBrokers(),
        seed: SEED + instances,
        kills,
        instances,
        linesPerSecond: 300,
        log,
      });
      expect(result.faults).toEqual([]);
    },
    240_000,
  );

  it('at least once, kills lose nothing', async () => {
    const result = await runChaos({
      brokers: await sharedBrokers(),
      seed: SEED,
      kills: 5,
      instances: 2,
      linesPerSecond: 300,
      options: { processingGuarantee: 'at_least_once' },
      log,
    });
    expect(result.faults).toEqual([]);
  }, 240_000);
});
