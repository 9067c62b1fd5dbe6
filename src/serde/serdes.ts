import { bytes } from './bytes';
import { decimalText } from './decimal-text';
import { float64 } from './float64';
import { int32 } from './int32';
import { int64 } from './int64';
import { int64AsNumber } from './int64-as-number';
import { json } from './json';
import { string } from './string';
import { uuid } from './uuid';
import { voidSerde } from './void';
import { sessionWindowed, timeWindowed } from './windowed';

/**
 * The serdes that come with Millrace.
 *
 * @example
 * builder.stream('orders', { key: serdes.string, value: serdes.json<Order>() });
 */
export const serdes = Object.freeze({
  bytes,
  string,
  int32,
  int64,
  int64AsNumber,
  float64,
  decimalText,
  json,
  uuid,
  void: voidSerde,
  /**
   * Keys of tumbling, hopping and sliding windows, in the bytes of Kafka Streams' TimeWindowedSerializer. `sizeMs` is the length of
   * a window, which the bytes do not say: its end is calculated. For sliding windows it is their time difference.
   */
  timeWindowed,
  /** Keys of session windows, in the bytes of Kafka Streams' SessionWindowedSerializer. */
  sessionWindowed,
});
