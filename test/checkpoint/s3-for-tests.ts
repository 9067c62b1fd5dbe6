import { S3SnapshotStore, type S3SnapshotStoreOptions } from '../../src/checkpoint/s3-snapshot-store';
import { type ProgramOrReason, s3Program } from '../support/go-program';
import { S3_CREDENTIALS } from '../support/s3-server';

/**
 * The program of an S3 server. Where none can be had, the tests that need one are skipped, and standard error says why; with
 * `REQUIRE_S3=1` they fail.
 */
export function s3OrReason(): ProgramOrReason {
  return required(s3Program(), 'S3');
}

/** Does the same for another program that these tests need. */
export function required(program: ProgramOrReason, what: string): ProgramOrReason {
  if ('command' in program) return program;
  if (process.env['REQUIRE_S3'] === '1') throw new Error(`REQUIRE_S3=1, but ${program.unavailable}`);
  process.stderr.write(`tests with ${what} are skipped: ${program.unavailable}\n`);
  return program;
}

/** Credentials as the AWS SDK finds them in the environment, and nothing else that this machine may have set. */
export function useTestCredentials(): void {
  for (const name of Object.keys(process.env).filter((variable) => variable.startsWith('AWS_'))) {
    delete process.env[name];
  }
  process.env['AWS_ACCESS_KEY_ID'] = S3_CREDENTIALS.accessKeyId;
  process.env['AWS_SECRET_ACCESS_KEY'] = S3_CREDENTIALS.secretAccessKey;
  process.env['AWS_CONFIG_FILE'] = '/nowhere/config';
  process.env['AWS_SHARED_CREDENTIALS_FILE'] = '/nowhere/credentials';
  process.env['AWS_EC2_METADATA_DISABLED'] = 'true';
}

/** A store in a bucket of a test server. */
export function openS3(
  endpoint: string,
  bucket: string,
  options: Partial<S3SnapshotStoreOptions> = {},
): Promise<S3SnapshotStore> {
  return S3SnapshotStore.open({ bucket, prefix: 'in/here', endpoint, forcePathStyle: true, ...options });
}
