import { createSecretKey, type KeyObject } from 'node:crypto';
import { ENCRYPTION_KEYS, parseEncryptionKeys } from '../config/encryption-keys';
import { MillraceError } from '../errors/millrace-error';

/** Text that should hold keys does not. Never says what it holds. */
export class SnapshotKeysError extends MillraceError {
  readonly code = 'SNAPSHOT_KEYS';

  constructor(expected: string) {
    super(`The keys for the encryption of checkpoints cannot be read: expected ${expected}.`);
  }
}

/** A key that is shown to nobody: neither `console.log` nor `JSON.stringify` see into a `KeyObject`. */
export interface SnapshotKey {
  readonly id: string;
  readonly key: KeyObject;
}

/** The keys that snapshots are encrypted with: the current one writes, all of them read. */
export class SnapshotKeys {
  readonly current: SnapshotKey;
  private readonly byId: ReadonlyMap<string, SnapshotKey>;

  private constructor(current: SnapshotKey, others: readonly SnapshotKey[]) {
    this.current = current;
    this.byId = new Map([current, ...others].map((key) => [key.id, key]));
  }

  /**
   * @param text `id:key`, or several of them between commas or line ends, the first being the current one
   * @throws {SnapshotKeysError} when it is anything else
   */
  static parse(text: string): SnapshotKeys {
    const parsed = parseEncryptionKeys(text);
    if (parsed === undefined) throw new SnapshotKeysError(ENCRYPTION_KEYS);
    const [current, ...others] = parsed.map(({ id, bytes }) => ({ id, key: createSecretKey(bytes) }));
    return new SnapshotKeys(current as SnapshotKey, others);
  }

  find(id: string): SnapshotKey | undefined {
    return this.byId.get(id);
  }

  get ids(): readonly string[] {
    return [...this.byId.keys()];
  }
}
