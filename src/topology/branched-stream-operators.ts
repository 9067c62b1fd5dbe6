import type { BranchedKStream, KStream } from './dsl';
import type { Erased, ErasedPredicate } from './erased';
import { IllegalNameError } from './errors';
import { isLegalName } from './node-names';
import type { StreamFactory, StreamPosition } from './stream-position';
import type { TopologyDraft } from './topology-draft';

interface Branch {
  readonly name: string;
  readonly predicate: ErasedPredicate;
}

/** Behind {@link BranchedKStream}. */
export class BranchedStreamOperators implements Erased<BranchedKStream<unknown, unknown>> {
  constructor(
    private readonly draft: TopologyDraft,
    private readonly at: StreamPosition,
    private readonly node: string,
    private readonly branches: readonly Branch[],
    private readonly streamAt: StreamFactory,
  ) {}

  branch(name: string, predicate: ErasedPredicate): BranchedStreamOperators {
    const branches = [...this.branches, { name, predicate }];
    return new BranchedStreamOperators(this.draft, this.at, this.node, branches, this.streamAt);
  }

  defaultBranch(name = 'default'): Readonly<Record<string, KStream<unknown, unknown>>> {
    return this.branch(name, () => true).noDefaultBranch();
  }

  noDefaultBranch(): Readonly<Record<string, KStream<unknown, unknown>>> {
    const predicates = this.branches.map((branch) => branch.predicate);
    this.draft.endSplit(this.node);
    this.draft.addProcessor(this.node, { type: 'branch', predicates }, [this.at.node]);
    return Object.fromEntries(this.branches.map(({ name }) => [name, this.streamOf(name)]));
  }

  private streamOf(branch: string): KStream<unknown, unknown> {
    const node = `${this.node}-${branch}`;
    if (!isLegalName(node)) this.draft.report(new IllegalNameError('branch', node, { node }));
    this.draft.addProcessor(node, { type: 'passThrough' }, [this.node]);
    return this.streamAt(this.draft, { ...this.at, node });
  }
}
