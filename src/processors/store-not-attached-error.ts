import { MillraceError } from '../errors/millrace-error';

/** A processor asked for a store that it was not given where it was added to the topology. */
export class StoreNotAttachedError extends MillraceError {
  readonly code = 'STORE_NOT_ATTACHED';

  constructor(store: string, node: string, attached: readonly string[]) {
    const known = attached.length === 0 ? 'no store at all' : `only ${attached.map((name) => `'${name}'`).join(', ')}`;
    super(
      `Processor '${node}' asked for the store '${store}', but it was given ${known}. Name the store in the \`stores\` of its process() call.`,
      {
        location: { node, store },
      },
    );
  }
}
