import { TopologyError } from './errors';

/** A name that follows from the position of an operator, and with it a topic and a store of the application. */
export interface GeneratedName {
  readonly kind: 'store' | 'changelog topic' | 'repartition topic';
  readonly name: string;
  /** The operator whose generated name it comes from. */
  readonly node: string;
}

/**
 * Stores or internal topics have generated names, and the builder is to refuse them: another operator of the same kind before them
 * would change these names, and the state would not be found again.
 */
export class GeneratedNamesError extends TopologyError {
  readonly code = 'TOPOLOGY_GENERATED_NAMES';

  constructor(readonly names: readonly GeneratedName[]) {
    const lines = names.map(({ kind, name, node }) => `\n  - ${kind} '${name}' of node '${node}'`).join('');
    super(
      `Explicit names are asked for (ensureExplicitNames), and these are generated:${lines}\nGive the operator a { store } or a { name }, and a repartition or group a { name }.`,
      { location: { node: names[0]?.node } },
    );
  }
}

/**
 * Names of stores and internal topics that are made of the generated name of a node, as `count-1-store` is.
 *
 * @param generatedNodes - the names that were generated for nodes
 */
export function generatedNames(
  generatedNodes: ReadonlySet<string>,
  stores: Iterable<{ readonly name: string; readonly changelog: boolean }>,
  repartitionTopics: Iterable<string>,
): readonly GeneratedName[] {
  const nodeOf = (name: string): string | undefined => {
    for (let end = name.length; end > 0; end = name.lastIndexOf('-', end - 1)) {
      const node = name.slice(0, end);
      if (generatedNodes.has(node)) return node;
    }
    return undefined;
  };
  const names: GeneratedName[] = [];
  const add = (kind: GeneratedName['kind'], name: string, of: string): void => {
    const node = nodeOf(of);
    if (node !== undefined) names.push({ kind, name, node });
  };
  for (const { name, changelog } of stores) {
    add('store', name, name);
    if (changelog) add('changelog topic', `${name}-changelog`, name);
  }
  for (const name of repartitionTopics) add('repartition topic', name, name);
  return names;
}
