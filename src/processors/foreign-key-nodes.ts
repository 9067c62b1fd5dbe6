import { createHash } from 'node:crypto';
import type { Serde } from '../serde/serde';
import type { EpochStore } from '../state/epoch-store';
import {
  SubscriptionInstruction,
  type ForeignKeyLookupOperator,
  type ForeignKeyResponseOperator,
  type ForeignKeySubscribeOperator,
  type ForeignKeyUpdateOperator,
  type Subscription,
  type SubscriptionResponse,
} from '../topology/foreign-key-operators';
import type { Change } from '../topology/operators';
import { combinedKey, combinedKeyPrefix } from '../topology/subscription-serdes';
import { OperatorNode, type Processed } from './operator-node';
import type { TaskContext } from './task-context';
import { TableLookupNode } from './table-lookup-node';

const HASH_BYTES = 16;

/** Tells a value from those that the row had before: enough of a digest that two never meet. */
function hashOf(value: unknown, serde: Serde<unknown>): Buffer | null {
  if (value === undefined) return null;
  return createHash('sha256').update(serde.serialize(value)).digest().subarray(0, HASH_BYTES);
}

function sameHash(one: Buffer | null, other: Buffer | null): boolean {
  return one === null || other === null ? one === other : one.equals(other);
}

/** From changes of the left table to subscriptions, under the foreign key. */
export class ForeignKeySubscribeNode extends OperatorNode {
  constructor(
    name: string,
    context: TaskContext,
    private readonly operator: ForeignKeySubscribeOperator,
  ) {
    super(name, context);
  }

  process(key: unknown, value: unknown, timestamp: number): Processed {
    const change = value as Change<unknown>;
    if (this.operator.versioned && change.isLatest === false) {
      this.context.failures.recordSkipped(this.name, 'out-of-order-version');
      return undefined;
    }
    let sent: readonly (readonly [foreignKey: unknown, subscription: Subscription])[];
    try {
      sent = this.subscriptions(key, change);
    } catch (error) {
      this.context.failures.processingFailed(this.name, error);
      return undefined;
    }
    return this.send(sent, 0, timestamp);
  }

  private send(
    sent: readonly (readonly [foreignKey: unknown, subscription: Subscription])[],
    from: number,
    timestamp: number,
  ): Processed {
    for (let index = from; index < sent.length; index++) {
      const waiting = this.forward(sent[index]![0], sent[index]![1], timestamp);
      if (waiting !== undefined) return waiting.then(() => this.send(sent, index + 1, timestamp));
    }
    return undefined;
  }

  /** As Kafka Streams does, so that its subscribers and ours would answer one another. */
  private subscriptions(key: unknown, change: Change<unknown>): (readonly [unknown, Subscription])[] {
    const { newValue, oldValue } = change;
    if (newValue === undefined && oldValue === undefined) return [];
    const { left, valueSerde } = this.operator;
    const oldKey = this.foreignKey(key, oldValue);
    const newKey = this.foreignKey(key, newValue);
    const hash = hashOf(newValue, valueSerde);
    const primaryPartition = this.context.partition;
    const subscribe = (foreignKey: unknown, instruction: number): readonly [unknown, Subscription] => [
      foreignKey ?? null,
      { hash, instruction, primaryKey: key, primaryPartition },
    ];
    const { DELETE, DELETE_AND_ANSWER, ANSWER, ANSWER_IF_PRESENT } = SubscriptionInstruction;
    const moved = oldKey !== undefined && !this.isSameKey(oldKey, newKey);
    if (left) return moved ? [subscribe(oldKey, DELETE), subscribe(newKey, ANSWER)] : [subscribe(newKey, ANSWER)];
    if (newKey === undefined) {
      if (oldKey !== undefined) return [subscribe(oldKey, DELETE_AND_ANSWER)];
      this.context.failures.recordSkipped(this.name, 'null-foreign-key');
      return [];
    }
    // An answer without a value deletes what the row had under its former key.
    return moved ? [subscribe(oldKey, DELETE), subscribe(newKey, ANSWER)] : [subscribe(newKey, ANSWER_IF_PRESENT)];
  }

  private foreignKey(key: unknown, value: unknown): unknown {
    return value === undefined ? undefined : (this.operator.foreignKey(value, key) ?? undefined);
  }

  private isSameKey(one: unknown, other: unknown): boolean {
    if (other === undefined) return false;
    const { keySerde } = this.operator;
    return keySerde.serialize(one).equals(keySerde.serialize(other));
  }
}

/** Keeps the subscriptions, and answers each with the foreign value of now. */
export class ForeignKeyLookupNode extends TableLookupNode {
  private readonly store: EpochStore<unknown, unknown>;

  constructor(
    name: string,
    context: TaskContext,
    private readonly operator: ForeignKeyLookupOperator,
  ) {
    super(name, context, operator.view);
    this.store = context.stores.get(operator.subscriptions)!;
  }

  process(key: unknown, value: unknown, timestamp: number): Processed {
    const subscription = value as Subscription;
    const foreignKey = key ?? undefined;
    if (foreignKey === undefined) {
      if (subscription.instruction === SubscriptionInstruction.ANSWER) {
        return this.answer(subscription, undefined, timestamp);
      }
      this.context.failures.recordSkipped(this.name, 'null-key');
      return undefined;
    }
    const { keySerde, primaryKeySerde } = this.operator;
    const stored = combinedKey(keySerde.serialize(foreignKey), primaryKeySerde.serialize(subscription.primaryKey));
    const { instruction } = subscription;
    const ends =
      instruction === SubscriptionInstruction.DELETE || instruction === SubscriptionInstruction.DELETE_AND_ANSWER;
    // What was there before changes nothing, so it need not be read.
    if (ends) this.store.delete(stored);
    else this.store.put(stored, subscription);
    return this.lookUp(foreignKey, subscription, timestamp);
  }

  private lookUp(foreignKey: unknown, subscription: Subscription, timestamp: number): Processed {
    if (subscription.instruction === SubscriptionInstruction.DELETE) return undefined;
    let waiting: Processed;
    try {
      waiting = this.table.get(foreignKey);
    } catch (error) {
      this.context.failures.processingFailed(this.name, error);
      return undefined;
    }
    return waiting === undefined
      ? this.answerWithFound(subscription, timestamp)
      : this.answerLate(waiting, subscription, timestamp);
  }

  private async answerLate(waiting: Promise<void>, subscription: Subscription, timestamp: number): Promise<void> {
    try {
      await waiting;
    } catch (error) {
      this.context.failures.processingFailed(this.name, error);
      return;
    }
    await this.answerWithFound(subscription, timestamp);
  }

  private answerWithFound(subscription: Subscription, timestamp: number): Processed {
    const { value, timestamp: foreignTimestamp } = this.table;
    const { instruction } = subscription;
    if (instruction === SubscriptionInstruction.ANSWER_IF_PRESENT && value === undefined) return undefined;
    const answer = instruction === SubscriptionInstruction.DELETE_AND_ANSWER ? undefined : value;
    return this.answer(subscription, answer, Math.max(timestamp, foreignTimestamp));
  }

  private answer({ hash, primaryKey, primaryPartition }: Subscription, value: unknown, timestamp: number): Processed {
    const response: SubscriptionResponse = { hash, foreignValue: value, primaryPartition };
    return this.forward(primaryKey, response, timestamp);
  }
}

/** Answers all subscriptions of a foreign key when its value changes. */
export class ForeignKeyUpdateNode extends OperatorNode {
  private readonly store: EpochStore<unknown, unknown>;

  constructor(
    name: string,
    context: TaskContext,
    private readonly operator: ForeignKeyUpdateOperator,
  ) {
    super(name, context);
    this.store = context.stores.get(operator.subscriptions)!;
  }

  async process(key: unknown, value: unknown, timestamp: number): Promise<void> {
    const { newValue, isLatest } = value as Change<unknown>;
    if (this.operator.versioned && isLatest === false) {
      this.context.failures.recordSkipped(this.name, 'out-of-order-version');
      return;
    }
    const prefix = combinedKeyPrefix(this.operator.keySerde.serialize(key));
    for await (const [stored, found] of this.store.range(prefix, after(prefix))) {
      if (!(stored as Buffer).subarray(0, prefix.length).equals(prefix)) break;
      const { hash, primaryKey, primaryPartition } = found as Subscription;
      const response: SubscriptionResponse = { hash, foreignValue: newValue, primaryPartition };
      await this.forward(primaryKey, response, timestamp);
    }
  }
}

/** The least key that is greater than all that begin with the prefix. It begins with the length of a key, so there is one. */
function after(prefix: Buffer): Buffer {
  const next = Buffer.from(prefix);
  let last = next.length - 1;
  while (next[last] === 0xff) last--;
  next[last]!++;
  return next.subarray(0, last + 1);
}

/** Joins an answer with the left value, unless that has changed since it subscribed. */
export class ForeignKeyResponseNode extends TableLookupNode {
  constructor(
    name: string,
    context: TaskContext,
    private readonly operator: ForeignKeyResponseOperator,
  ) {
    super(name, context, operator.view);
  }

  process(key: unknown, value: unknown, timestamp: number): Processed {
    const response = value as SubscriptionResponse;
    let waiting: Processed;
    try {
      waiting = this.table.get(key);
    } catch (error) {
      this.context.failures.processingFailed(this.name, error);
      return undefined;
    }
    return waiting === undefined
      ? this.join(key, response, timestamp)
      : this.joinLate(waiting, key, response, timestamp);
  }

  private async joinLate(
    waiting: Promise<void>,
    key: unknown,
    response: SubscriptionResponse,
    timestamp: number,
  ): Promise<void> {
    try {
      await waiting;
    } catch (error) {
      this.context.failures.processingFailed(this.name, error);
      return;
    }
    await this.join(key, response, timestamp);
  }

  private join(key: unknown, { hash, foreignValue }: SubscriptionResponse, timestamp: number): Processed {
    const { left, joiner, valueSerde } = this.operator;
    const { value } = this.table;
    let joined: unknown = null;
    try {
      if (!sameHash(hash, hashOf(value, valueSerde))) {
        this.context.failures.recordSkipped(this.name, 'outdated-response');
        return undefined;
      }
      if (foreignValue !== undefined || (left && value !== undefined)) {
        joined = joiner(value ?? null, foreignValue ?? null);
      }
    } catch (error) {
      this.context.failures.processingFailed(this.name, error);
      return undefined;
    }
    return this.forward(key, joined, timestamp);
  }
}
