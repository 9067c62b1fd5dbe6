import changeSync from '../../topologies/change-sync';
import { documented, inputOf, outputOf } from './example';

const page = documented('change-sync');

test('is given the records that its page shows', () => {
  expect(inputOf('change-sync')).toEqual(page.input);
});

test('writes each visible change once, in the order of the log', async () => {
  expect(await outputOf('change-sync', changeSync, ['contacts'])).toEqual(page.output);
});

test('writes the same when it is killed before each record and loses its state', async () => {
  const output = await outputOf('change-sync', changeSync, ['contacts'], { restarts: true });
  expect(output).toEqual(page.output);
});
