import deduplication from '../../topologies/deduplication';
import { documented, inputOf, outputOf } from './example';

const page = documented('deduplication');

test('is given the records that its page shows', () => {
  expect(inputOf('deduplication')).toEqual(page.input);
});

test('hands on each payment once', async () => {
  expect(await outputOf('deduplication', deduplication, ['payments-once'])).toEqual(page.output);
});

test('writes the same when it is killed before each record and loses its state', async () => {
  const output = await outputOf('deduplication', deduplication, ['payments-once'], { restarts: true });
  expect(output).toEqual(page.output);
});
