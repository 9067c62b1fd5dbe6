import type { MillraceOptions } from '../../src/config/millrace-config';
import type { CompiledServices } from './compiled-services';
import { createTopics, followTopic } from './kafka-clients';
import { uniqueName } from './kafka-names';
import { ServiceFleet } from './service-fleet';

export interface FleetWithTopics {
  readonly fleet: ServiceFleet;
  readonly input: string;
  readonly output: string;
}

/** A fleet of one of the topologies that read `input` and write `output`, with these topics. */
export async function fleetWithTopics(settings: {
  readonly brokers: readonly string[];
  readonly services: CompiledServices;
  readonly topology: string;
  readonly partitions: number;
  readonly parameters?: Readonly<Record<string, string>>;
  readonly options?: Partial<MillraceOptions>;
}): Promise<FleetWithTopics> {
  const { brokers, services, topology, partitions, parameters = {}, options = {} } = settings;
  const applicationId = uniqueName(topology);
  const input = `${applicationId}-in`;
  const output = `${applicationId}-out`;
  await createTopics(brokers, { topic: input, partitions }, { topic: output, partitions });
  const fleet = new ServiceFleet({
    services,
    brokers,
    applicationId,
    topology,
    parameters: { input, output, ...parameters },
    options,
  });
  return { fleet, input, output };
}

/** Waits until there are so many results in the whole output. Fails with the last lines of an instance that is gone. */
export async function untilResults(
  brokers: readonly string[],
  { fleet, output }: FleetWithTopics,
  count: number,
): Promise<void> {
  const follower = await followTopic(brokers, output);
  try {
    await follower.until(() => follower.records.length >= count, { what: `${count} results`, timeoutMs: 60_000 });
  } catch (error) {
    fleet.throwIfEnded();
    throw error;
  } finally {
    await follower.stop();
  }
}
