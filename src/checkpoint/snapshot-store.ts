/** An object of a snapshot store. */
export interface StoredObject {
  readonly name: string;
  /** As it is stored, which may be more than was put. */
  readonly sizeInBytes: number;
  /** Milliseconds since 1970, by the store's clock. */
  readonly modifiedAt: number;
}

/** What is written: all at once, or piece by piece. */
export type ObjectContent = Uint8Array | AsyncIterable<Uint8Array>;

/**
 * Keeps snapshots outside of Kafka and of the local disk, as objects with names.
 *
 * A name is a path of parts between slashes, each of letters, digits, '.', '_', '-' and never '.' or '..'. An object is there
 * whole or not at all: nobody sees one that is being written, or whose writing failed. Putting a name again replaces the object as a whole.
 */
export interface SnapshotStore {
  /** For logs and errors: what and where, without secrets. */
  readonly description: string;
  /** Of the key that it encrypts with now; missing where it does not encrypt. */
  readonly keyId?: string;
  /**
   * Writes an object. It is durable when the promise resolves.
   *
   * @throws {SnapshotStoreError} when it cannot be written, when `content` fails, and when `signal` is aborted. Then the object is not
   *   there. Only where it was sent in full and the answer was lost, nobody knows: then it may be there, as a whole
   */
  put(name: string, content: ObjectContent, signal?: AbortSignal): Promise<void>;
  /**
   * Reads an object piece by piece. What was delivered before an error must not be used.
   *
   * @throws {SnapshotMissingError} through the iteration, when there is no such object
   * @throws {SnapshotDamagedError} through the iteration, when the object is not what was put
   * @throws {SnapshotStoreError} through the iteration
   */
  get(name: string, signal?: AbortSignal): AsyncIterable<Uint8Array>;
  /** All objects whose names begin with `prefix`, in no order. */
  list(prefix: string, signal?: AbortSignal): AsyncIterable<StoredObject>;
  /** Deletes objects. One that is not there is no error. */
  delete(names: readonly string[], signal?: AbortSignal): Promise<void>;
  /** Ends connections. */
  close(): void;
}
