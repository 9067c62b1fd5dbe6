import type {
  BranchOperator,
  Change,
  FilterOperator,
  FlatMapOperator,
  FlatMapValuesOperator,
  MapOperator,
  MapValuesOperator,
  PeekOperator,
  SelectKeyOperator,
  ToStreamOperator,
} from '../topology/operators';
import { OperatorNode, type Processed } from './operator-node';
import type { TaskContext } from './task-context';

/* The user's function runs inside a try; handing down does not, so that an error is reported by the node that caused it. */

export class FilterNode extends OperatorNode {
  constructor(
    name: string,
    context: TaskContext,
    private readonly operator: FilterOperator,
  ) {
    super(name, context);
  }

  process(key: unknown, value: unknown, timestamp: number): Processed {
    let passes: boolean;
    try {
      // A predicate without types may return anything: what counts is whether it is truthy.
      passes = !this.operator.predicate(key, value) === this.operator.negate;
    } catch (error) {
      this.context.failures.processingFailed(this.name, error);
      return undefined;
    }
    return passes ? this.forward(key, value, timestamp) : undefined;
  }
}

export class MapNode extends OperatorNode {
  constructor(
    name: string,
    context: TaskContext,
    private readonly operator: MapOperator,
  ) {
    super(name, context);
  }

  process(key: unknown, value: unknown, timestamp: number): Processed {
    let newKey: unknown;
    let newValue: unknown;
    try {
      const pair = this.operator.mapper(key, value);
      newKey = pair[0];
      newValue = pair[1];
    } catch (error) {
      this.context.failures.processingFailed(this.name, error);
      return undefined;
    }
    return this.forward(newKey, newValue, timestamp);
  }
}

export class MapValuesNode extends OperatorNode {
  constructor(
    name: string,
    context: TaskContext,
    private readonly operator: MapValuesOperator,
  ) {
    super(name, context);
  }

  process(key: unknown, value: unknown, timestamp: number): Processed {
    let mapped: unknown;
    try {
      mapped = this.operator.mapper(value, key);
    } catch (error) {
      this.context.failures.processingFailed(this.name, error);
      return undefined;
    }
    return this.forward(key, mapped, timestamp);
  }
}

export class SelectKeyNode extends OperatorNode {
  constructor(
    name: string,
    context: TaskContext,
    private readonly operator: SelectKeyOperator,
  ) {
    super(name, context);
  }

  process(key: unknown, value: unknown, timestamp: number): Processed {
    let selected: unknown;
    try {
      selected = this.operator.mapper(key, value);
    } catch (error) {
      this.context.failures.processingFailed(this.name, error);
      return undefined;
    }
    return this.forward(selected, value, timestamp);
  }
}

export class FlatMapNode extends OperatorNode {
  constructor(
    name: string,
    context: TaskContext,
    private readonly operator: FlatMapOperator,
  ) {
    super(name, context);
  }

  process(key: unknown, value: unknown, timestamp: number): Processed {
    let pairs: readonly (readonly [unknown, unknown])[];
    try {
      pairs = toArray(this.operator.mapper(key, value));
      for (let index = 0; index < pairs.length; index++) checkPair(pairs[index]);
    } catch (error) {
      this.context.failures.processingFailed(this.name, error);
      return undefined;
    }
    for (let index = 0; index < pairs.length; index++) {
      const pair = pairs[index]!;
      const waiting = this.forward(pair[0], pair[1], timestamp);
      if (waiting !== undefined) return this.rest(waiting, pairs, index + 1, timestamp);
    }
    return undefined;
  }

  private async rest(
    waiting: Promise<void>,
    pairs: readonly (readonly [unknown, unknown])[],
    from: number,
    timestamp: number,
  ): Promise<void> {
    await waiting;
    for (let index = from; index < pairs.length; index++)
      await this.forward(pairs[index]![0], pairs[index]![1], timestamp);
  }
}

export class FlatMapValuesNode extends OperatorNode {
  constructor(
    name: string,
    context: TaskContext,
    private readonly operator: FlatMapValuesOperator,
  ) {
    super(name, context);
  }

  process(key: unknown, value: unknown, timestamp: number): Processed {
    let values: readonly unknown[];
    try {
      values = toArray(this.operator.mapper(value, key));
    } catch (error) {
      this.context.failures.processingFailed(this.name, error);
      return undefined;
    }
    for (let index = 0; index < values.length; index++) {
      const waiting = this.forward(key, values[index], timestamp);
      if (waiting !== undefined) return this.rest(waiting, key, values, index + 1, timestamp);
    }
    return undefined;
  }

  private async rest(
    waiting: Promise<void>,
    key: unknown,
    values: readonly unknown[],
    from: number,
    timestamp: number,
  ): Promise<void> {
    await waiting;
    for (let index = from; index < values.length; index++) await this.forward(key, values[index], timestamp);
  }
}

/** A pair that is none is an error of this node too, before anything is handed down. */
function checkPair(pair: unknown): void {
  if (!Array.isArray(pair)) throw new TypeError('flatMap takes pairs [key, value], and the mapper gave something else');
}

/** A generator of the user's is drained first: what it throws belongs to this node, not to those below. */
function toArray<T>(items: Iterable<T>): readonly T[] {
  return Array.isArray(items) ? (items as readonly T[]) : [...items];
}

export class PeekNode extends OperatorNode {
  constructor(
    name: string,
    context: TaskContext,
    private readonly operator: PeekOperator,
  ) {
    super(name, context);
  }

  process(key: unknown, value: unknown, timestamp: number): Processed {
    try {
      this.operator.action(key, value);
    } catch (error) {
      this.context.failures.processingFailed(this.name, error);
      return undefined;
    }
    return this.operator.forwards ? this.forward(key, value, timestamp) : undefined;
  }
}

export class PassThroughNode extends OperatorNode {
  process(key: unknown, value: unknown, timestamp: number): Processed {
    return this.forward(key, value, timestamp);
  }
}

export class BranchNode extends OperatorNode {
  constructor(
    name: string,
    context: TaskContext,
    private readonly operator: BranchOperator,
  ) {
    super(name, context);
  }

  process(key: unknown, value: unknown, timestamp: number): Processed {
    const { predicates } = this.operator;
    for (let index = 0; index < predicates.length; index++) {
      let matches: boolean;
      try {
        matches = predicates[index]!(key, value);
      } catch (error) {
        this.context.failures.processingFailed(this.name, error);
        return undefined;
      }
      if (matches) return this.children[index]!.process(key, value, timestamp);
    }
    return undefined;
  }
}

export class ToStreamNode extends OperatorNode {
  constructor(
    name: string,
    context: TaskContext,
    private readonly operator: ToStreamOperator,
  ) {
    super(name, context);
  }

  get keepsKey(): boolean {
    return this.operator.mapper === undefined;
  }

  process(key: unknown, change: unknown, timestamp: number): Processed {
    const value = (change as Change<unknown>).newValue ?? null;
    if (this.operator.mapper === undefined) return this.forward(key, value, timestamp);
    let mapped: unknown;
    try {
      mapped = this.operator.mapper(key, value);
    } catch (error) {
      this.context.failures.processingFailed(this.name, error);
      return undefined;
    }
    return this.forward(mapped, value, timestamp);
  }
}
