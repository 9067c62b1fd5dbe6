import { serdes } from '../../src/serde/serdes';
import { StreamsBuilder } from '../../src/topology/streams-builder';
import { PendingCalls, turn } from '../support/pending-calls';
import { SeededRandom } from '../support/seeded-random';
import { TaskRun } from './support/task-run';

const text = { key: serdes.string, value: serdes.string };
const RECORDS = 15;
const SEEDS = 30;
const BASE = Number(process.env['MILLRACE_TEST_SEED'] ?? 1);

/** Two topics whose records go through one call in the order in which the task takes them; crashes in between. */
async function run(seed: number): Promise<readonly string[]> {
  const random = new SeededRandom(seed);
  let calls = new PendingCalls();
  const builder = new StreamsBuilder();
  builder
    .stream('a', text)
    .merge(builder.stream('b', text))
    .mapValuesAsync((value, key, context) => calls.call(value, key, context), { concurrency: 4 })
    .to('out', text);
  let task = await TaskRun.open(builder.build());
  const inputs = ['a', 'b'].map((topic) => ({
    topic,
    records: Array.from({ length: RECORDS }, (_, index) => ({
      key: 'k',
      value: `${topic}${index}`,
      timestamp: random.between(0, 50),
    })),
    given: 0,
  }));
  let crashes = 3;
  for (;;) {
    const dice = random.next();
    const input = random.pick(inputs);
    if (dice < 0.2) {
      const size = random.between(1, 5);
      task.add(input.topic, input.records.slice(input.given, input.given + size));
      input.given = Math.min(RECORDS, input.given + size);
    } else if (dice < 0.45) task.slice();
    else if (dice < 0.8 && calls.pending.length > 0) {
      const call = random.pick(calls.pending);
      call.answer(call.value);
    } else if (dice < 0.95) {
      // In the order of the task, behind nothing but stateless operators, a commit never waits.
      expect(task.task.isWaiting).toBe(false);
      await task.commit();
    } else if (crashes-- > 0) {
      task.task.cancelCalls();
      calls = new PendingCalls();
      task = await task.crash();
      for (const each of inputs) each.given = task.committedOffset(each.topic) ?? 0;
    }
    await turn();
    if (inputs.every(({ topic }) => task.committedOffset(topic) === RECORDS)) break;
  }
  return task.committedOutput('out').map(({ value }) => value!);
}

describe('calls for the records of two topics, after any crash', () => {
  it('give each record once, and those of a topic in their order, and no commit waits', async () => {
    for (let seed = BASE; seed < BASE + SEEDS; seed++) {
      const values = await run(seed);
      for (const topic of ['a', 'b']) {
        const expected = Array.from({ length: RECORDS }, (_, index) => `${topic}${index}`);
        expect({ seed, values: values.filter((value) => value.startsWith(topic)) }).toEqual({ seed, values: expected });
      }
    }
  });
});
