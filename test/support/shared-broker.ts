/** Where the test run's own process hands out the shared broker; set by jest-global-setup. */
export const BROKER_DESK_VARIABLE = 'MILLRACE_TEST_BROKER_DESK';

/**
 * The addresses of the one broker that all test files of a run share: those of `KAFKA_BROKERS`, else of a broker that
 * the test run starts when the first file asks, so that runs without Kafka pay nothing. Topics and groups of different
 * tests live side by side: name them with `uniqueName`.
 *
 * @throws Error outside a test run, and with the reason where no broker can be had
 */
export async function sharedBrokers(): Promise<string[]> {
  const given = process.env['KAFKA_BROKERS'];
  if (given) return given.split(',').map((address) => address.trim());
  const desk = process.env[BROKER_DESK_VARIABLE];
  if (!desk) throw new Error('sharedBrokers() works in a test run only; elsewhere call startBroker()');
  const answer = await fetch(desk);
  if (!answer.ok) throw new Error(await answer.text());
  return (await answer.json()) as string[];
}
