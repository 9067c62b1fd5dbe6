import { createCipheriv, createDecipheriv, hkdfSync, type KeyObject } from 'node:crypto';

const CIPHER = 'aes-256-gcm';
const KEY_BYTES = 32;
const PREFIX_BYTES = 7;
const TAG_BYTES = 16;
const MOST_SEGMENTS = 2 ** 32;

/** Bytes of content in a segment; only the last one has fewer. */
export const SEGMENT_BYTES = 64 * 1024;
export const SEALED_SEGMENT_BYTES = SEGMENT_BYTES + TAG_BYTES;

/** Each object's own, random. */
export const SALT_BYTES = 32;

/** A sealed segment was changed, is another one than expected, or was sealed with another key. */
export class SegmentForgedError extends Error {}

/**
 * The STREAM construction of Hoang, Reyhanitabar, Rogaway and Vizár over AES-256-GCM, as in Tink and age: content is sealed in segments,
 * each with a tag of its own, so none has to be believed before it was verified. The nonce of a segment says which one it is and whether
 * it is the last, so none can be moved, left out, added or taken from the end.
 *
 * Key and beginning of the nonces are derived from the given key and a salt, and so are each object's own. With one key for all objects,
 * the beginnings would be the only difference between their nonces, and too short to be drawn at random for many objects.
 */
export class SegmentCipher {
  private readonly key: Buffer;
  private readonly prefix: Buffer;
  private segment = 0;

  /** @param context sealed with each segment: what opens it must be given the same */
  constructor(
    key: KeyObject,
    salt: Uint8Array,
    private readonly context: Buffer,
  ) {
    const derived = Buffer.from(hkdfSync('sha256', key, salt, 'millrace snapshot', KEY_BYTES + PREFIX_BYTES));
    this.key = derived.subarray(0, KEY_BYTES);
    this.prefix = derived.subarray(KEY_BYTES);
  }

  /** Seals the next segment. */
  seal(content: Uint8Array, isLast: boolean): Buffer {
    const cipher = createCipheriv(CIPHER, this.key, this.nextNonce(isLast)).setAAD(this.context);
    return Buffer.concat([cipher.update(content), cipher.final(), cipher.getAuthTag()]);
  }

  /**
   * Opens the next segment.
   *
   * @throws {SegmentForgedError} when it is not what was sealed
   */
  open(sealed: Buffer, isLast: boolean): Buffer {
    const contentBytes = sealed.length - TAG_BYTES;
    if (contentBytes < 0) throw new SegmentForgedError();
    const decipher = createDecipheriv(CIPHER, this.key, this.nextNonce(isLast), { authTagLength: TAG_BYTES })
      .setAAD(this.context)
      .setAuthTag(sealed.subarray(contentBytes));
    const content = decipher.update(sealed.subarray(0, contentBytes));
    try {
      decipher.final();
    } catch {
      throw new SegmentForgedError();
    }
    return content;
  }

  private nextNonce(isLast: boolean): Buffer {
    if (this.segment >= MOST_SEGMENTS) throw new RangeError('an object of more than 2^32 segments');
    const nonce = Buffer.alloc(PREFIX_BYTES + 5);
    this.prefix.copy(nonce);
    nonce.writeUInt32BE(this.segment++, PREFIX_BYTES);
    nonce[PREFIX_BYTES + 4] = isLast ? 1 : 0;
    return nonce;
  }
}
