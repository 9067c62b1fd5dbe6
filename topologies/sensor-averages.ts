import type { StreamsBuilder } from 'millrace';
import { serdes, windows } from 'millrace';

/** What a sensor sends, under its name. */
export interface Reading {
  readonly celsius: number;
}

/** What is written to `sensor-averages`, under the sensor's name. */
export interface Average {
  /** The first and the last millisecond of the window. */
  readonly start: number;
  readonly end: number;
  readonly readings: number;
  readonly celsius: number;
}

interface Sum {
  readonly readings: number;
  readonly sum: number;
}

/** The average of each sensor's readings that are at most a minute apart, again with each reading. */
export default function sensorAverages(builder: StreamsBuilder): void {
  builder
    .stream('sensor-readings', { key: serdes.string, value: serdes.json<Reading>() })
    .groupByKey()
    .windowedBy(windows.sliding({ timeDifferenceMs: 60_000, graceMs: 10_000 }))
    .aggregate(
      () => ({ readings: 0, sum: 0 }),
      (_sensor, { celsius }, { readings, sum }) => ({ readings: readings + 1, sum: sum + celsius }),
      { store: 'sums', value: serdes.json<Sum>() },
    )
    .toStream()
    .map(({ key, start, end }, { readings, sum }): [string, Average] => [
      key,
      { start, end, readings, celsius: sum / readings },
    ])
    .to('sensor-averages', { key: serdes.string, value: serdes.json<Average>() });
}
