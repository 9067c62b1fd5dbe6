import { compare } from './compare';
import { intendedDifferences } from './differences';
import { KafkaStreams } from './kafka-streams';
import { runOnMillrace } from './millrace';

let streams: KafkaStreams;
beforeAll(async () => void (streams = await KafkaStreams.start((line) => process.stderr.write(`${line}\n`))), 600_000);
afterAll(() => streams.close());

describe('What differs on purpose', () => {
  it.each(intendedDifferences.map((each) => [each.name, each] as const))('%s', async (_, difference) => {
    const { example, comparison } = difference;
    const verdict = compare(example, await streams.run(example), await runOnMillrace(example));
    if (verdict === 'same') throw new Error('both sides now do the same: the difference can go');
    if (comparison?.concerns(example) === true && verdict !== 'different')
      expect(verdict.intended).toContain(difference);
  });
});
