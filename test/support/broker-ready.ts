import { setTimeout as pause } from 'node:timers/promises';
import { Kafka, logLevel } from 'kafkajs';

/** Resolves as soon as a broker answers and counts itself a member of the cluster; false after `timeoutMs`, or when `gone()`. */
export async function brokerAnswers(
  brokers: readonly string[],
  timeoutMs: number,
  gone: () => boolean,
): Promise<boolean> {
  const deadline = performance.now() + timeoutMs;
  while (performance.now() < deadline && !gone()) {
    if (await answersNow(brokers)) return true;
    await pause(100);
  }
  return false;
}

async function answersNow(brokers: readonly string[]): Promise<boolean> {
  const kafka = new Kafka({
    clientId: 'millrace-broker-check',
    brokers: [...brokers],
    logLevel: logLevel.NOTHING,
    connectionTimeout: 2_000,
    requestTimeout: 2_000,
    retry: { retries: 0 },
  });
  const admin = kafka.admin();
  try {
    await admin.connect();
    const cluster = await admin.describeCluster();
    return cluster.brokers.length > 0;
  } catch {
    return false;
  } finally {
    await admin.disconnect().catch(() => undefined);
  }
}
