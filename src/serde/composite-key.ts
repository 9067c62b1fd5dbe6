import type { Serde } from './serde';

const TWO_TO_16 = 0x1_0000;
const TWO_TO_32 = 0x1_0000_0000;
const NUMBER_UNITS = 4;
const REMEMBERED_TIMES = 64;

/**
 * Keys of stores that are ordered by numbers first: times, then small numbers, then the user's key.
 *
 * In memory such a key is text: one character for 16 bits of the numbers, then the user's key. As bytes it is the numbers, big
 * endian, and the serialized key, so that both a point lookup and a scan by time are cheap and no buffer is made for a lookup.
 */
export class CompositeKey<K> {
  readonly serde: Serde<string>;
  private readonly times = new Map<number, string>();
  private readonly asText: boolean;

  /**
   * @param format - names the format of the whole key, the user's key left out
   * @param units - how many characters come before the user's key
   * @param byteOrder - whether the order of the texts must be that of the bytes, which costs more for text keys
   */
  constructor(
    format: string,
    readonly units: number,
    private readonly inner: Serde<K>,
    byteOrder = false,
  ) {
    this.asText = inner.name === 'string' && !byteOrder;
    this.serde = {
      name: `${format}(${inner.name})`,
      comparesByValue: true,
      serialize: (key) => this.toBytes(key),
      deserialize: (bytes) => this.fromBytes(bytes),
    };
  }

  /** A whole number from 0 up, such as a time, as 4 characters of a key. */
  time(value: number): string {
    let known = this.times.get(value);
    if (known === undefined) {
      if (this.times.size >= REMEMBERED_TIMES) this.times.clear();
      const high = Math.floor(value / TWO_TO_32);
      const low = value % TWO_TO_32;
      known = String.fromCharCode(
        Math.floor(high / TWO_TO_16),
        high % TWO_TO_16,
        Math.floor(low / TWO_TO_16),
        low % TWO_TO_16,
      );
      this.times.set(value, known);
    }
    return known;
  }

  /** A number below 65,536 as one character of a key. */
  small(value: number): string {
    return String.fromCharCode(value);
  }

  /** The user's key as the end of a key. */
  key(key: K): string {
    return this.asText && typeof key === 'string' ? key : this.inner.serialize(key).toString('latin1');
  }

  /** The number that 4 characters from `from` on say. */
  timeOf(composite: string, from: number): number {
    let value = 0;
    for (let index = from; index < from + NUMBER_UNITS; index++)
      value = value * TWO_TO_16 + composite.charCodeAt(index);
    return value;
  }

  /** The user's key: what follows the numbers. */
  keyOf(composite: string): K {
    const text = composite.slice(this.units);
    return this.asText ? (text as K) : this.inner.deserialize(Buffer.from(text, 'latin1'));
  }

  private toBytes(composite: string): Buffer {
    const text = composite.slice(this.units);
    const tail = this.asText ? this.inner.serialize(text as K) : Buffer.from(text, 'latin1');
    const bytes = Buffer.allocUnsafe(this.units * 2 + tail.length);
    for (let index = 0; index < this.units; index++) bytes.writeUInt16BE(composite.charCodeAt(index), index * 2);
    bytes.set(tail, this.units * 2);
    return bytes;
  }

  private fromBytes(bytes: Buffer): string {
    let composite = '';
    for (let index = 0; index < this.units; index++) composite += String.fromCharCode(bytes.readUInt16BE(index * 2));
    const tail = bytes.subarray(this.units * 2);
    return composite + (this.asText ? (this.inner.deserialize(tail) as string) : tail.toString('latin1'));
  }
}
