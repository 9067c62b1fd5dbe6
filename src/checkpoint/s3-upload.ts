import type { S3Client } from '@aws-sdk/client-s3';
import { Readable } from 'node:stream';
import { piecesOf } from './object-content';
import type { AwsSdk } from './s3-connection';
import type { ObjectContent } from './snapshot-store';

/** S3 allows 10,000 parts, so an object may have 78 GiB. Content of one part is sent in one request. */
const PART_BYTES = 8 * 1024 * 1024;
/** Parts under way. With the one being filled they bound the memory of an upload. */
const PARTS_AT_ONCE = 2;

/** Uploads an object, in parts where it is large. When it fails the parts that were sent are removed. */
export async function uploadToS3(
  { s3, storage }: AwsSdk,
  client: S3Client,
  { bucket, key }: { readonly bucket: string; readonly key: string },
  content: ObjectContent,
  signal: AbortSignal | undefined,
): Promise<void> {
  const body =
    content instanceof Uint8Array ? content : Readable.from(piecesOf(content, signal), { objectMode: false });
  // Of the whole object, also of one in parts: a checksum of checksums is none that a reader could check. Some servers refuse
  // checksums; AWS_REQUEST_CHECKSUM_CALCULATION=when_required is the SDK's way to leave them out.
  const withChecksum = (await client.config.requestChecksumCalculation()) === 'WHEN_SUPPORTED';
  const upload = new storage.Upload({
    client: signal === undefined ? client : abortedBy(signal, client, s3.AbortMultipartUploadCommand),
    partSize: PART_BYTES,
    queueSize: PARTS_AT_ONCE,
    params: {
      Bucket: bucket,
      Key: key,
      Body: body,
      ContentType: 'application/octet-stream',
      ...(withChecksum ? { ChecksumAlgorithm: 'CRC32', ChecksumType: 'FULL_OBJECT' } : {}),
    },
  });
  signal?.throwIfAborted();
  await upload.done();
}

/**
 * The client, with every request ended by the signal, except for the one that removes the parts.
 *
 * `Upload` has an abort of its own, but that leaves requests under way: the object could appear after its upload had failed.
 */
function abortedBy(
  signal: AbortSignal,
  client: S3Client,
  exception: AwsSdk['s3']['AbortMultipartUploadCommand'],
): S3Client {
  const send = (command: Parameters<S3Client['send']>[0]) =>
    command instanceof exception ? client.send(command) : client.send(command, { abortSignal: signal });
  return Object.create(client, { send: { value: send } }) as S3Client;
}
