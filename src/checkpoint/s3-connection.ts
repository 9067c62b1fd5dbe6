import type * as S3 from '@aws-sdk/client-s3';
import type * as LibStorage from '@aws-sdk/lib-storage';
import { ConfigError } from '../config/config-error';
import { optionProblem } from '../config/config-problems';
import { findOption } from '../config/option-list';
import { asError } from '../errors/as-error';

const CONNECTION_TIMEOUT_MS = 10_000;
const IDLE_TIMEOUT_MS = 60_000;
/** What servers other than AWS's take, which mostly do not care. */
const REGION_OF_OTHERS = 'us-east-1';

export interface S3ConnectionOptions {
  /** Of a server other than AWS's, as a URL. */
  readonly endpoint?: string | undefined;
  /** Default: what the AWS SDK finds in the environment and the AWS configuration files. */
  readonly region?: string | undefined;
  /** `http://host/bucket/key` instead of `http://bucket.host/key`. Default: false. */
  readonly forcePathStyle?: boolean | undefined;
  /** Milliseconds until a connection must stand. Default: 10,000. */
  readonly connectionTimeoutMs?: number | undefined;
  /** Milliseconds without a byte in either direction after which a request fails. Default: 60,000. */
  readonly idleTimeoutMs?: number | undefined;
  /** How often the SDK sends a request at most. Default: the SDK's, which is 3 or `AWS_MAX_ATTEMPTS`. */
  readonly maxAttempts?: number | undefined;
}

/** The packages of the AWS SDK. They take a tenth of a second and 22 MB of memory, so they are loaded only where an S3 store is used. */
export interface AwsSdk {
  readonly s3: typeof S3;
  readonly storage: typeof LibStorage;
}

/**
 * A client that takes its credentials, and all that is not given, from where the AWS SDK finds them. It connects when it is used.
 *
 * @throws {ConfigError} when no region is known
 */
export async function connectS3(options: S3ConnectionOptions): Promise<{ sdk: AwsSdk; client: S3.S3Client }> {
  const [s3, storage] = await Promise.all([import('@aws-sdk/client-s3'), import('@aws-sdk/lib-storage')]);
  const clientOf = (region: string | undefined) => new s3.S3Client(clientConfig(options, region));
  const client = clientOf(options.region);
  try {
    await client.config.region();
    return { sdk: { s3, storage }, client };
  } catch (error) {
    client.destroy();
    if (options.endpoint !== undefined) return { sdk: { s3, storage }, client: clientOf(REGION_OF_OTHERS) };
    throw regionMissing(error);
  }
}

function clientConfig(options: S3ConnectionOptions, region: string | undefined): S3.S3ClientConfig {
  const { endpoint, forcePathStyle = false, maxAttempts } = options;
  return {
    forcePathStyle,
    ...(region === undefined ? {} : { region }),
    ...(endpoint === undefined ? {} : { endpoint }),
    ...(maxAttempts === undefined ? {} : { maxAttempts }),
    requestHandler: {
      connectionTimeout: options.connectionTimeoutMs ?? CONNECTION_TIMEOUT_MS,
      socketTimeout: options.idleTimeoutMs ?? IDLE_TIMEOUT_MS,
    },
  };
}

function regionMissing(error: unknown): Error {
  const option = findOption(['checkpointS3Region']);
  const expected = 'a region, because neither AWS_REGION nor the AWS configuration file names one';
  return option === undefined
    ? asError(error)
    : new ConfigError([optionProblem(option, expected, undefined, new Map())]);
}
