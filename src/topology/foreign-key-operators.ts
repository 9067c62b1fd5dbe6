import type { Serde } from '../serde/serde';
import type { TableView } from './table-views';

/*
 * A join by foreign key: whoever holds the left value subscribes to its foreign key, at the task that holds the foreign table's value
 * for it; that task answers, now and at each change of the foreign value; the answer is joined where the left value is.
 */

type Key = unknown;
type Value = unknown;

/** From changes of the left table to subscriptions, under the foreign key. */
export interface ForeignKeySubscribeOperator {
  readonly type: 'foreignKeySubscribe';
  readonly foreignKey: (value: Value, key: Key) => Key;
  readonly left: boolean;
  /** Of the foreign key. */
  readonly keySerde: Serde<Key>;
  /** Of the left values, for their hashes. */
  readonly valueSerde: Serde<Value>;
  readonly versioned: boolean;
}
/** Keeps the subscriptions, and answers each with the foreign value of now. */
export interface ForeignKeyLookupOperator {
  readonly type: 'foreignKeyLookup';
  /** The store of the subscriptions, by foreign and primary key. */
  readonly subscriptions: string;
  readonly view: TableView;
  /** Of the foreign key. */
  readonly keySerde: Serde<Key>;
  readonly primaryKeySerde: Serde<Key>;
}
/** Answers all subscriptions of a foreign key when its value changes. */
export interface ForeignKeyUpdateOperator {
  readonly type: 'foreignKeyUpdate';
  readonly subscriptions: string;
  /** Of the foreign key. */
  readonly keySerde: Serde<Key>;
  readonly versioned: boolean;
}
/** Joins an answer with the left value, unless that has changed since it subscribed. */
export interface ForeignKeyResponseOperator {
  readonly type: 'foreignKeyResponse';
  readonly view: TableView;
  readonly left: boolean;
  readonly joiner: (left: Value, right: Value) => Value;
  /** Of the left values, for their hashes. */
  readonly valueSerde: Serde<Value>;
}

export type ForeignKeyOperator =
  ForeignKeySubscribeOperator | ForeignKeyLookupOperator | ForeignKeyUpdateOperator | ForeignKeyResponseOperator;

/** What becomes of a subscription, by Kafka Streams' numbers. */
export const SubscriptionInstruction = Object.freeze({
  /** The row has another foreign key now. */
  DELETE: 0,
  /** The row has no foreign key any more: answer, so that its result is deleted. */
  DELETE_AND_ANSWER: 1,
  /** Answer also where there is no foreign value. */
  ANSWER: 2,
  /** Answer where there is a foreign value. */
  ANSWER_IF_PRESENT: 3,
});

/** What the left side sends, under the foreign key. */
export interface Subscription {
  /** Of the left value; null where it was deleted. */
  readonly hash: Buffer | null;
  readonly instruction: number;
  readonly primaryKey: Key;
  /** Of the left side's topics, where the answer has to go. */
  readonly primaryPartition: number;
}

/** What comes back, under the primary key. */
export interface SubscriptionResponse {
  /** Of the left value that subscribed. */
  readonly hash: Buffer | null;
  /** Undefined where there is none. */
  readonly foreignValue: Value;
  /** Not part of the record: says where it goes. */
  readonly primaryPartition: number;
}
