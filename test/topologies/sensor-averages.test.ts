import sensorAverages, { type Average } from '../../topologies/sensor-averages';
import { documented, inputOf, outputOf } from './example';

const page = documented('sensor-averages');

test('is given the records that its page shows', () => {
  expect(inputOf('sensor-averages')).toEqual(page.input);
});

test('writes the averages of the readings in every sliding window', async () => {
  expect(await outputOf('sensor-averages', sensorAverages, ['sensor-averages'])).toEqual(page.output);
});

test('writes the same when it is killed before each record and loses its state', async () => {
  const output = await outputOf('sensor-averages', sensorAverages, ['sensor-averages'], { restarts: true });
  expect(output).toEqual(page.output);
});

interface Taken {
  readonly time: number;
  readonly celsius: number;
}

/** By the definition of sliding windows: one that ends with each reading, and one that begins right behind each. */
function averages(readings: readonly Taken[]): Map<number, Average> {
  const starts = readings.flatMap(({ time }) => [time - 60_000, time + 1]);
  return new Map(
    starts.flatMap((start): [number, Average][] => {
      const end = start + 60_000;
      const within = readings.filter(({ time }) => time >= start && time <= end);
      if (within.length === 0) return [];
      const celsius = within.reduce((sum, reading) => sum + reading.celsius, 0) / within.length;
      return [[start, { start, end, readings: within.length, celsius }]];
    }),
  );
}

test('ends with the averages that the definition of sliding windows gives', async () => {
  const last = new Map<number, Average>();
  for (const line of await outputOf('sensor-averages', sensorAverages, ['sensor-averages'])) {
    const [, sensor, average] = line.split(' ');
    if (sensor !== 'kitchen') continue;
    const shown = JSON.parse(average!) as Average;
    last.set(shown.start, shown);
  }
  const inTime = [
    { time: 600_000, celsius: 20 },
    { time: 630_000, celsius: 22 },
    { time: 690_000, celsius: 27 },
    { time: 685_000, celsius: 24 },
  ];
  expect(last).toEqual(averages(inTime));
});
