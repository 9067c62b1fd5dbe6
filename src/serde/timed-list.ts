import type { Serde } from './serde';
import { unzigzag, varintLength, VarintReader, writeVarint, zigzag } from './varint';

/** Serialized values with their timestamps, in the order in which they came. */
export interface TimedList {
  /** How many full lists were put aside under the same key. */
  chunks: number;
  readonly times: number[];
  readonly values: Buffer[];
  /** One flag for each value; what it says is the user's of the list to know. */
  readonly flags: boolean[];
}

export function emptyTimedList(): TimedList {
  return { chunks: 0, times: [], values: [], flags: [] };
}

/**
 *     varint chunks, varint first timestamp, then for each value
 *     varint timestamp - the one before (zigzag), varint length * 2 + flag, bytes
 */
export function timedLists(name: string): Serde<TimedList> {
  return {
    name,
    serialize: ({ chunks, times, values, flags }) => {
      let previous = 0;
      let length = varintLength(chunks);
      for (let index = 0; index < times.length; index++) {
        const time = times[index]!;
        const size = values[index]!.length;
        length += varintLength(index === 0 ? time : zigzag(time - previous)) + varintLength(size * 2 + 1) + size;
        previous = time;
      }
      const bytes = Buffer.allocUnsafe(length);
      let at = writeVarint(bytes, 0, chunks);
      previous = 0;
      for (let index = 0; index < times.length; index++) {
        const time = times[index]!;
        const value = values[index]!;
        at = writeVarint(bytes, at, index === 0 ? time : zigzag(time - previous));
        at = writeVarint(bytes, at, value.length * 2 + (flags[index] === true ? 1 : 0));
        bytes.set(value, at);
        at += value.length;
        previous = time;
      }
      return at === length ? bytes : bytes.subarray(0, at);
    },
    deserialize: (bytes) => {
      const reader = new VarintReader(name, bytes);
      const list = emptyTimedList();
      list.chunks = reader.next();
      let time = 0;
      while (!reader.done) {
        const step = reader.next();
        time = list.times.length === 0 ? step : time + unzigzag(step);
        const sizeAndFlag = reader.next();
        list.times.push(time);
        list.flags.push(sizeAndFlag % 2 === 1);
        list.values.push(reader.take(Math.floor(sizeAndFlag / 2)));
      }
      return list;
    },
  };
}
