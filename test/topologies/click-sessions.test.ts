import clickSessions, { type Session } from '../../topologies/click-sessions';
import { documented, inputOf, outputOf } from './example';

const page = documented('click-sessions');

test('is given the records that its page shows', () => {
  expect(inputOf('click-sessions')).toEqual(page.input);
});

test('writes each visit once, when it is over', async () => {
  expect(await outputOf('click-sessions', clickSessions, ['sessions'])).toEqual(page.output);
});

test('writes the same when it is killed before each record and loses its state', async () => {
  const output = await outputOf('click-sessions', clickSessions, ['sessions'], { restarts: true });
  expect(output).toEqual(page.output);
});

test('begins a new visit after more than half an hour, by the time of the clicks', async () => {
  const lines = await outputOf('click-sessions', clickSessions, ['sessions']);
  // Bob's clicks are 31 minutes apart. Ann's are out of order, with 20 and then 40 minutes between them.
  expect(lines.map((line) => line.split(' ')[2]).map((value) => (JSON.parse(value!) as Session).pages)).toEqual([
    ['/shoes'],
    ['/', '/hats/7', '/hats'],
    ['/shoes/1'],
    ['/basket'],
  ]);
});
