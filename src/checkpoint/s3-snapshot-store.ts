import type { S3Client } from '@aws-sdk/client-s3';
import type { Readable } from 'node:stream';
import { SnapshotDamagedError, SnapshotMissingError, SnapshotStoreError } from './errors';
import { checkName, checkPrefix, isLegalName } from './legal-names';
import { type AwsSdk, connectS3, type S3ConnectionOptions } from './s3-connection';
import { uploadToS3 } from './s3-upload';
import type { ObjectContent, SnapshotStore, StoredObject } from './snapshot-store';

/** The most that S3 deletes in one request. */
const DELETED_AT_ONCE = 1000;

export interface S3SnapshotStoreOptions extends S3ConnectionOptions {
  readonly bucket: string;
  /** What all keys begin with, without a slash at its end. Empty: keys are the names of the objects. */
  readonly prefix: string;
}

/**
 * Keeps objects in a bucket of S3, or of a server that speaks its protocol. Requests are repeated by the AWS SDK; a download that
 * breaks off is an error, and for its reader to repeat.
 *
 * Bytes are checked both ways: the SDK sends a CRC-32 with each request and S3 refuses what does not match; S3 keeps one of the whole
 * object, against which the SDK holds what it reads.
 */
export class S3SnapshotStore implements SnapshotStore {
  readonly description: string;
  private readonly keyPrefix: string;

  private constructor(
    private readonly sdk: AwsSdk,
    private readonly client: S3Client,
    private readonly options: S3SnapshotStoreOptions,
  ) {
    const { bucket, prefix, endpoint } = options;
    this.keyPrefix = prefix === '' ? '' : `${prefix}/`;
    this.description = `s3://${bucket}/${prefix}${endpoint === undefined ? '' : ` at ${endpoint}`}`;
  }

  /**
   * Loads the AWS SDK. Connects to nothing yet.
   *
   * @throws {ConfigError} when no region is known
   */
  static async open(options: S3SnapshotStoreOptions): Promise<S3SnapshotStore> {
    const { sdk, client } = await connectS3(options);
    return new S3SnapshotStore(sdk, client, options);
  }

  async put(name: string, content: ObjectContent, signal?: AbortSignal): Promise<void> {
    const key = this.keyOf(name, 'Writing');
    try {
      await uploadToS3(this.sdk, this.client, { bucket: this.options.bucket, key }, content, signal);
    } catch (error) {
      throw this.failure('Writing', name, error, signal);
    }
  }

  async *get(name: string, signal?: AbortSignal): AsyncGenerator<Uint8Array, void> {
    const request = new this.sdk.s3.GetObjectCommand({
      Bucket: this.options.bucket,
      Key: this.keyOf(name, 'Reading'),
    });
    try {
      signal?.throwIfAborted();
      const { Body, ContentLength } = await this.client.send(request, this.sendOptions(signal));
      if (Body === undefined || ContentLength === undefined) throw new Error('the answer does not say how long it is');
      let received = 0;
      for await (const piece of Body as Readable as AsyncIterable<Uint8Array>) {
        received += piece.length;
        yield piece;
        signal?.throwIfAborted();
      }
      // Node reports a body that breaks off, unless something on the way ended it properly.
      if (received !== ContentLength) throw new Error(`${received} of ${ContentLength} bytes came`);
    } catch (error) {
      if ((error as Error).name === 'NoSuchKey') throw new SnapshotMissingError(this.description, name);
      // The SDK has no name for it.
      if ((error as Error).message.startsWith('Checksum mismatch')) {
        throw new SnapshotDamagedError(this.description, name, 'its bytes are not those of its checksum');
      }
      throw this.failure('Reading', name, error, signal);
    }
  }

  async *list(prefix: string, signal?: AbortSignal): AsyncGenerator<StoredObject, void> {
    checkPrefix(this.description, prefix);
    let continuationToken: string | undefined;
    do {
      const page = await this.listPage(prefix, continuationToken, signal);
      for (const { Key = '', Size = 0, LastModified } of page.Contents ?? []) {
        const name = Key.slice(this.keyPrefix.length);
        // Others may keep things in the bucket too, such as the empty objects that stand for folders.
        if (isLegalName(name)) yield { name, sizeInBytes: Size, modifiedAt: LastModified?.getTime() ?? 0 };
      }
      continuationToken = page.IsTruncated === true ? page.NextContinuationToken : undefined;
    } while (continuationToken !== undefined);
  }

  async delete(names: readonly string[], signal?: AbortSignal): Promise<void> {
    const keys = names.map((name) => ({ Key: this.keyOf(name, 'Deleting') }));
    for (let from = 0; from < keys.length; from += DELETED_AT_ONCE) {
      await this.deleteBatch(keys.slice(from, from + DELETED_AT_ONCE), signal);
    }
  }

  close(): void {
    this.client.destroy();
  }

  private async listPage(prefix: string, continuationToken: string | undefined, signal: AbortSignal | undefined) {
    try {
      signal?.throwIfAborted();
      const request = new this.sdk.s3.ListObjectsV2Command({
        Bucket: this.options.bucket,
        Prefix: `${this.keyPrefix}${prefix}`,
        ContinuationToken: continuationToken,
      });
      return await this.client.send(request, this.sendOptions(signal));
    } catch (error) {
      throw this.failure('Listing', prefix, error, signal);
    }
  }

  private async deleteBatch(keys: readonly { readonly Key: string }[], signal: AbortSignal | undefined): Promise<void> {
    const nameOf = (key: string | undefined) => (key ?? '').slice(this.keyPrefix.length);
    try {
      signal?.throwIfAborted();
      const request = new this.sdk.s3.DeleteObjectsCommand({
        Bucket: this.options.bucket,
        Delete: { Objects: [...keys], Quiet: true },
      });
      const { Errors = [] } = await this.client.send(request, this.sendOptions(signal));
      const failed = Errors.find(({ Code }) => Code !== 'NoSuchKey');
      if (failed === undefined) return;
      const cause = new Error(`${failed.Code}: ${failed.Message}`);
      throw new SnapshotStoreError(this.description, nameOf(failed.Key), 'Deleting', cause);
    } catch (error) {
      if (error instanceof SnapshotStoreError) throw error;
      throw this.failure('Deleting', nameOf(keys[0]?.Key), error, signal);
    }
  }

  private sendOptions(signal: AbortSignal | undefined): { abortSignal?: AbortSignal } {
    return signal === undefined ? {} : { abortSignal: signal };
  }

  private failure(what: string, name: string, error: unknown, signal: AbortSignal | undefined): SnapshotStoreError {
    return new SnapshotStoreError(this.description, name, what, signal?.aborted === true ? signal.reason : error);
  }

  private keyOf(name: string, what: string): string {
    checkName(this.description, what, name);
    return `${this.keyPrefix}${name}`;
  }
}
