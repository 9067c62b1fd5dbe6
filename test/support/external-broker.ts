import { BrokerFaultNotPossibleError } from './broker-errors';
import type { TestBroker } from './kafka-broker';

/** The brokers of `KAFKA_BROKERS` (comma separated): used as they are, never disturbed. */
export function externalBroker(addresses: string): TestBroker {
  const brokers = addresses
    .split(',')
    .map((address) => address.trim())
    .filter((address) => address !== '');
  const description = `${brokers.join(', ')}, given in KAFKA_BROKERS`;
  const refuse = (fault: string) => async (): Promise<never> => {
    throw new BrokerFaultNotPossibleError(fault, description);
  };
  return {
    kind: 'external',
    brokers,
    describe: () => description,
    kill: refuse('kill'),
    restart: refuse('restart'),
    pause: refuse('pause'),
    resume: refuse('resume'),
    stop: async () => undefined,
  };
}
