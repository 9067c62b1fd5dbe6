import path from 'node:path';
import type { ConfigProblem } from './config-error';
import { optionProblem, type Origins } from './config-problems';
import { OPTIONS } from './option-list';
import type { MillraceConfig } from './config-types';
import { parseStoreAddress } from './store-address';

/** What must hold between options. Takes what could be read of the configuration, so that all problems come at once. */
export function crossCheck(config: Partial<MillraceConfig>, origins: Origins): ConfigProblem[] {
  const problems: ConfigProblem[] = [];
  const report: Report = (name, expected, found) => {
    const option = OPTIONS.find((candidate) => candidate.name === name);
    if (option !== undefined) problems.push(optionProblem(option, expected, found, origins));
  };
  const mustBeBelow = (name: NumberOption, other: NumberOption, orEqual = false) => {
    const value = config[name];
    const limit = config[other];
    if (value === undefined || limit === undefined || value < limit || (orEqual && value === limit)) return;
    report(name, `${orEqual ? 'at most' : 'less than'} ${other}, which is ${limit}`, value);
  };

  mustBeBelow('heartbeatIntervalMs', 'sessionTimeoutMs');
  mustBeBelow('sessionTimeoutMs', 'rebalanceTimeoutMs', true);
  // Heartbeats of a paused consumer come once per fetch.
  mustBeBelow('fetchMaxWaitMs', 'heartbeatIntervalMs', true);
  mustBeBelow('fetchMaxWaitMs', 'requestTimeoutMs');
  mustBeBelow('fetchMaxBytes', 'inputBufferMaxBytes', true);
  if (config.processingGuarantee === 'exactly_once_v2') mustBeBelow('commitIntervalMs', 'transactionTimeoutMs');

  const handlers = [
    config.deserializationExceptionHandler,
    config.processingExceptionHandler,
    config.productionExceptionHandler,
  ];
  if (handlers.includes('dead-letter') && config.deadLetterTopic === undefined) {
    report('deadLetterTopic', 'the name of a topic, because a handler is `dead-letter`', undefined);
  }
  if (typeof config.ssl === 'object') {
    const { cert, key, passphrase } = config.ssl;
    if (cert !== undefined && key === undefined)
      report('ssl.key', 'the private key that belongs to ssl.cert', undefined);
    if (key !== undefined && cert === undefined)
      report('ssl.cert', 'the certificate that belongs to ssl.key', undefined);
    if (passphrase !== undefined && key === undefined)
      report('ssl.key', 'the private key that ssl.passphrase opens', undefined);
  }
  checkCheckpointStore(config, report);
  return problems;
}

type Report = (name: string, expected: string, found: unknown) => void;

function checkCheckpointStore(config: Partial<MillraceConfig>, report: Report): void {
  const { checkpointStore, stateDir } = config;
  const address = checkpointStore === undefined ? undefined : parseStoreAddress(checkpointStore);
  if (address?.kind === 'directory' && stateDir !== undefined && isWithin(address.directory, path.resolve(stateDir))) {
    report('checkpointStore', `a directory outside of stateDir, which is ${stateDir}`, checkpointStore);
  }
  const onlyForS3 = (['checkpointS3Endpoint', 'checkpointS3Region'] as const).find(
    (name) => config[name] !== undefined,
  );
  if (onlyForS3 !== undefined && address?.kind !== 's3') {
    report('checkpointStore', `s3://bucket/prefix, because ${onlyForS3} is given`, checkpointStore);
  } else if (config.checkpointEncryptionKey !== undefined && checkpointStore === undefined) {
    report('checkpointStore', 'where to keep checkpoints, because there is a key to encrypt them with', undefined);
  }
}

function isWithin(directory: string, parent: string): boolean {
  return directory === parent || directory.startsWith(parent.endsWith(path.sep) ? parent : `${parent}${path.sep}`);
}

type NumberOption = {
  [Name in keyof MillraceConfig]-?: MillraceConfig[Name] extends number ? Name : never;
}[keyof MillraceConfig];
