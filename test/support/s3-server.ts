import { CreateBucketCommand, ListMultipartUploadsCommand, S3Client } from '@aws-sdk/client-s3';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { ChildServer } from './child-server';
import { freePort } from './free-port';

/** What the server knows its only user by. */
export const S3_CREDENTIALS = { accessKeyId: 'millrace-test', secretAccessKey: 'millrace-test-secret' };

/** A real S3 server (Versity's gateway) that keeps objects as files, so that a test can damage them. */
export class S3Server {
  private buckets = 0;

  private constructor(
    private readonly server: ChildServer,
    /** Where a bucket is a directory and an object a file. */
    readonly folder: string,
    private readonly sidecar: string,
    private readonly client: S3Client,
  ) {}

  /** @param folder on which disk to keep the objects. Default: a new one. */
  static async start(command: string, folder?: string): Promise<S3Server> {
    const objects = folder ?? (await mkdtemp(path.join(tmpdir(), 'millrace-s3-')));
    const sidecar = await mkdtemp(path.join(tmpdir(), 'millrace-s3-meta-'));
    const port = await freePort();
    const parameters = ['--port', `127.0.0.1:${port}`, '--quiet', 'posix', '--sidecar', sidecar, objects];
    const server = await ChildServer.start(command, parameters, port, {
      ROOT_ACCESS_KEY: S3_CREDENTIALS.accessKeyId,
      ROOT_SECRET_KEY: S3_CREDENTIALS.secretAccessKey,
    });
    const client = new S3Client({
      endpoint: `http://127.0.0.1:${port}`,
      region: 'us-east-1',
      forcePathStyle: true,
      credentials: S3_CREDENTIALS,
    });
    return new S3Server(server, objects, sidecar, client);
  }

  get endpoint(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  get port(): number {
    return this.server.port;
  }

  /** Makes a new bucket. */
  async newBucket(): Promise<string> {
    const bucket = `bucket-${++this.buckets}`;
    await this.client.send(new CreateBucketCommand({ Bucket: bucket }));
    return bucket;
  }

  /** How many uploads in parts were begun in a bucket and not ended. */
  async unfinishedUploads(bucket: string): Promise<number> {
    const { Uploads = [] } = await this.client.send(new ListMultipartUploadsCommand({ Bucket: bucket }));
    return Uploads.length;
  }

  /** The file that holds an object. */
  fileOf(bucket: string, key: string): string {
    return path.join(this.folder, bucket, key);
  }

  async stop(): Promise<void> {
    this.client.destroy();
    await this.server.stop();
    await rm(this.folder, { recursive: true, force: true }).catch(() => undefined);
    await rm(this.sidecar, { recursive: true, force: true });
  }
}
