import { StreamsBuilder, type KGroupedStream, type KStream, type KTable, type Topology } from '../../src';
import { operators } from './operators';
import type { GraphStep } from './scenario';
import { Step } from './step';

/* All keys and values count as texts here, also where they are null, numbers or windowed keys: the functions of scenarios take everything. */
export type AnyStream = KStream<string, string>;
export type AnyTable = KTable<string, string>;
export type AnyGroupedStream = KGroupedStream<string, string>;

/** What a node of a scenario has become, by kind. Each file in operators/ adds the kinds that it makes. */
export interface BuiltKinds {
  stream: AnyStream;
  table: AnyTable;
  grouped: AnyGroupedStream;
}

export type Built = {
  [kind in keyof BuiltKinds]: { readonly kind: kind; readonly node: BuiltKinds[kind] };
}[keyof BuiltKinds];

/**
 * Builds one operator into the topology. The key under which it is registered is `<op>` for a source, `<op>/<kind of in>`, or
 * `<op>/<kind of in>/<kind of with>` where it has two inputs.
 */
export type OperatorBuilder = (step: Step, graph: Graph) => Built | undefined;
export type Operators = Readonly<Record<string, OperatorBuilder>>;

/** Builds a scenario's topology with Millrace's DSL. */
export class Graph {
  readonly builder = new StreamsBuilder();
  /** The topics that sinks write to, and whether their keys are binary. */
  readonly outputs = new Map<string, { readonly binaryKeys: boolean }>();
  private readonly built = new Map<string, Built>();

  constructor(steps: readonly GraphStep[]) {
    for (const json of steps) {
      const step = new Step(json);
      const inputs = [json.in, json.with].filter((input) => typeof input === 'string');
      const signature = [step.operator, ...inputs.map((id) => this.find(id).kind)].join('/');
      const build = operators[signature];
      if (build === undefined) throw new Error(`no operator ${signature}`);
      const result = build(step, this);
      if (result !== undefined) this.add(step.id, result);
    }
  }

  topology(): Topology {
    return this.builder.build();
  }

  add(id: string, built: Built): void {
    this.built.set(id, built);
  }

  /** The node that a step names as its input. */
  input<Kind extends keyof BuiltKinds>(step: Step, kind: Kind, parameter = 'in'): BuiltKinds[Kind] {
    const id = step.text(parameter);
    const found = this.find(id);
    if (found.kind !== kind) throw new Error(`${id} is a ${found.kind}, not a ${kind}`);
    return found.node as BuiltKinds[Kind];
  }

  private find(id: string): Built {
    const found = this.built.get(id);
    if (found === undefined) throw new Error(`no step ${id}`);
    return found;
  }
}

/** Takes a stream whatever its types are. */
export function streamNode(node: unknown): Built {
  return { kind: 'stream', node: node as AnyStream };
}

/** Takes a table whatever its types are. */
export function tableNode(node: unknown): Built {
  return { kind: 'table', node: node as AnyTable };
}
