import type { Serde } from './serde';

/** What takes more has a buffer of its own. */
const CAPACITY = 256;

/**
 * Serializes one value after the other into the same memory, so that none of them makes a buffer. The views that it gives are valid
 * until the next call: who keeps bytes must copy them.
 */
export class ReusedBytes {
  private readonly memory: Buffer;
  /** Views of the memory, by the number of serialized bytes. */
  private readonly wholes: Buffer[] = [];
  private readonly bodies: Buffer[] = [];
  /** The bytes before the value, and the value. */
  whole: Buffer;
  /** The value alone. */
  body: Buffer;

  /** @param head - bytes before each value: what they have at first stays, unless the caller writes to `whole` */
  constructor(private readonly head: Uint8Array) {
    this.memory = Buffer.allocUnsafeSlow(CAPACITY);
    this.memory.set(head);
    this.whole = this.memory.subarray(0, head.length);
    this.body = this.whole.subarray(head.length);
  }

  /** Serializes a value, and returns the bytes before it and the value. */
  serialize<T>(serde: Serde<T>, value: T): Buffer {
    const { memory, head } = this;
    const length = serde.serializeInto === undefined ? -1 : serde.serializeInto(value, memory, head.length);
    if (length >= 0) return this.view(length);
    const bytes = serde.serialize(value);
    if (head.length > 0) return this.copy(bytes);
    this.whole = bytes;
    this.body = bytes;
    return bytes;
  }

  private copy(bytes: Buffer): Buffer {
    const { memory, head } = this;
    if (head.length + bytes.length <= CAPACITY) {
      memory.set(bytes, head.length);
      return this.view(bytes.length);
    }
    this.whole = Buffer.concat([head, bytes]);
    this.body = this.whole.subarray(head.length);
    return this.whole;
  }

  private view(length: number): Buffer {
    let whole = this.wholes[length];
    if (whole === undefined) {
      const start = this.head.length;
      whole = this.wholes[length] = this.memory.subarray(0, start + length);
      this.bodies[length] = whole.subarray(start);
    }
    this.whole = whole;
    this.body = this.bodies[length]!;
    return whole;
  }
}
