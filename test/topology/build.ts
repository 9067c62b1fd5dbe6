import type { Topology, TopologyError } from '../../src/index';
import { InvalidTopologyError, serdes, StreamsBuilder } from '../../src/index';

/** Text keys and values: what most of these topologies read. */
export const text = { key: serdes.string, value: serdes.string };

export function build(write: (builder: StreamsBuilder) => void): Topology {
  const builder = new StreamsBuilder();
  write(builder);
  return builder.build();
}

/** What is wrong with a topology that must not build. */
export function problemsOf(write: (builder: StreamsBuilder) => void): readonly TopologyError[] {
  try {
    build(write);
  } catch (error) {
    if (error instanceof InvalidTopologyError) return error.problems;
    throw error;
  }
  throw new Error('the topology was built');
}
