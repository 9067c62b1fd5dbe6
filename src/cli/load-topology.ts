import type { Topology } from '../topology/graph';
import { StreamsBuilder } from '../topology/streams-builder';
import { importDefault } from './import-module';
import { TopologyBuildError, TopologyModuleInvalidError } from './module-errors';

type TopologyFunction = (builder: StreamsBuilder) => unknown;

/**
 * Makes one topology of modules. A module exports as default either a finished topology, which then is the only one, or
 * a function that adds to the builder that all modules share.
 *
 * @throws TopologyModuleLoadError, TopologyModuleInvalidError, TopologyBuildError
 */
export async function loadTopology(files: readonly string[]): Promise<Topology> {
  const functions: [string, TopologyFunction][] = [];
  for (const file of files) {
    const exported = await importDefault(file);
    if (isTopology(exported)) {
      if (files.length === 1) return exported;
      throw new TopologyModuleInvalidError(
        file,
        'it exports a finished topology, which cannot share a builder with other modules. Export a function (builder) => void.',
      );
    }
    if (typeof exported !== 'function') {
      const found =
        exported === undefined ? 'has no default export' : `has a default export of type ${typeof exported}`;
      throw new TopologyModuleInvalidError(file, `it ${found}. Export a topology, or a function (builder) => void.`);
    }
    functions.push([file, exported as TopologyFunction]);
  }
  return build(functions);
}

async function build(functions: readonly [string, TopologyFunction][]): Promise<Topology> {
  const builder = new StreamsBuilder();
  for (const [file, describe] of functions) {
    try {
      await describe(builder);
    } catch (error) {
      throw new TopologyBuildError([file], error);
    }
  }
  try {
    return builder.build();
  } catch (error) {
    throw new TopologyBuildError(
      functions.map(([file]) => file),
      error,
    );
  }
}

/** By its shape, because the module may have another copy of Millrace than the command line. */
function isTopology(value: unknown): value is Topology {
  return (
    typeof value === 'object' &&
    value !== null &&
    'subtopologies' in value &&
    'nodes' in value &&
    value.nodes instanceof Map
  );
}
