import { randomBytes } from 'node:crypto';
import { type EncryptionHeader, makeHeader, readHeader } from './encryption-header';
import { SnapshotDamagedError } from './errors';
import { piecesOf } from './object-content';
import { PieceReader } from './piece-reader';
import { SALT_BYTES, SEALED_SEGMENT_BYTES, SEGMENT_BYTES, SegmentCipher, SegmentForgedError } from './segment-cipher';
import type { SnapshotKey, SnapshotKeys } from './snapshot-keys';
import type { ObjectContent, SnapshotStore, StoredObject } from './snapshot-store';

/**
 * Encrypts what goes into another store, and decrypts what comes out of it. Names and approximate sizes stay visible.
 *
 * No byte is handed out that was not verified to be what was put under this very name, at this very place. An object that was cut off
 * can only be found to be so at its end. An older object put back in place of a newer one of the same name is not found out.
 */
export class EncryptedSnapshotStore implements SnapshotStore {
  readonly description: string;
  readonly keyId: string;

  constructor(
    private readonly store: SnapshotStore,
    private readonly keys: SnapshotKeys,
  ) {
    this.description = `${store.description} (encrypted)`;
    this.keyId = keys.current.id;
  }

  put(name: string, content: ObjectContent, signal?: AbortSignal): Promise<void> {
    return this.store.put(name, this.encrypt(name, content, signal), signal);
  }

  async *get(name: string, signal?: AbortSignal): AsyncGenerator<Uint8Array, void> {
    const reader = new PieceReader(this.store.get(name, signal));
    try {
      const header = await readHeader(reader);
      if ('damage' in header) throw this.damaged(name, header.damage);
      const cipher = cipherFor(this.keyOf(header, name), header, name);
      for (let isLast = false; !isLast;) {
        const sealed = await reader.read(SEALED_SEGMENT_BYTES);
        isLast = await reader.isAtEnd();
        const content = this.open(cipher, sealed, isLast, header, name);
        if (content.length > 0) yield content;
      }
    } finally {
      await reader.close();
    }
  }

  list(prefix: string, signal?: AbortSignal): AsyncIterable<StoredObject> {
    return this.store.list(prefix, signal);
  }

  delete(names: readonly string[], signal?: AbortSignal): Promise<void> {
    return this.store.delete(names, signal);
  }

  close(): void {
    this.store.close();
  }

  private async *encrypt(
    name: string,
    content: ObjectContent,
    signal: AbortSignal | undefined,
  ): AsyncGenerator<Uint8Array, void> {
    const header = makeHeader(this.keys.current.id, randomBytes(SALT_BYTES));
    const cipher = cipherFor(this.keys.current, header, name);
    const reader = new PieceReader(piecesOf(content, signal));
    try {
      yield header.bytes;
      for (let isLast = false; !isLast;) {
        const segment = await reader.read(SEGMENT_BYTES);
        isLast = await reader.isAtEnd();
        yield cipher.seal(segment, isLast);
      }
    } finally {
      await reader.close();
    }
  }

  private open(cipher: SegmentCipher, sealed: Buffer, isLast: boolean, header: EncryptionHeader, name: string): Buffer {
    try {
      return cipher.open(sealed, isLast);
    } catch (error) {
      if (!(error instanceof SegmentForgedError)) throw error;
      throw this.damaged(
        name,
        `its bytes were changed, or the key '${header.keyId}' is not the one it was encrypted with`,
      );
    }
  }

  private keyOf({ keyId }: EncryptionHeader, name: string): SnapshotKey {
    const key = this.keys.find(keyId);
    if (key !== undefined) return key;
    const shown = JSON.stringify(keyId);
    throw this.damaged(
      name,
      `it was encrypted with the key ${shown}, which is not among the configured ones (${this.keys.ids.join(', ')})`,
    );
  }

  private damaged(name: string, damage: string): SnapshotDamagedError {
    return new SnapshotDamagedError(this.description, name, damage);
  }
}

function cipherFor({ key }: SnapshotKey, header: EncryptionHeader, name: string): SegmentCipher {
  return new SegmentCipher(key, header.salt, Buffer.concat([header.bytes, Buffer.from(name, 'utf8')]));
}
