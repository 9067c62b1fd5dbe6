import type { ConfigProblem } from './config-error';
import { optionProblem, type Origins } from './config-problems';
import { OPTIONS } from './option-list';
import type { MillraceConfig } from './config-types';

/** What must hold between options. Takes what could be read of the configuration, so that all problems come at once. */
export function crossCheck(config: Partial<MillraceConfig>, origins: Origins): ConfigProblem[] {
  const problems: ConfigProblem[] = [];
  const report = (name: string, expected: string, found: unknown) => {
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
  mustBeBelow('restartInitialDelayMs', 'restartMaxDelayMs', true);
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
  return problems;
}

type NumberOption = {
  [Name in keyof MillraceConfig]-?: MillraceConfig[Name] extends number ? Name : never;
}[keyof MillraceConfig];
