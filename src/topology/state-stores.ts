import { bytes } from '../serde/bytes';
import { listValue } from '../serde/list-value';
import { pairKey } from '../serde/pair-key';
import type { Serde } from '../serde/serde';
import { string } from '../serde/string';
import { timedValue } from '../serde/timed-value';
import { timerKey } from '../serde/timer-key';
import { TopologyError } from './errors';
import type { StoreDefinition } from './graph';
import type { StateDescriptor } from './state-descriptors';

/** A state's time to live that is none. */
export class IllegalTtlError extends TopologyError {
  readonly code = 'TOPOLOGY_ILLEGAL_TTL';

  constructor(node: string, state: string, problem: string) {
    super(`The state '${state}' of node '${node}' has an illegal ttl: ${problem}.`, { location: { node } });
  }
}

/**
 * The store in which a processor's state is kept.
 *
 * @param keySerde - may be left out for operator state only
 */
export function storeOfState(
  node: string,
  descriptor: StateDescriptor<unknown>,
  keySerde: Serde<unknown> | undefined,
): StoreDefinition {
  const { name, changelog, backend } = descriptor;
  return {
    kind: 'key-value',
    name: `${node}-${name}`,
    keySerde: storedKeySerde(descriptor, keySerde),
    valueSerde: storedValueSerde(descriptor),
    changelog: changelog ?? true,
    backend: backend ?? 'rocksdb',
  };
}

/** The store in which a processor's timers are kept, ordered by time. */
export function storeOfTimers(node: string, keySerde: Serde<unknown>): StoreDefinition {
  return {
    kind: 'key-value',
    name: `${node}-timers`,
    keySerde: timerKey(keySerde),
    valueSerde: bytes,
    changelog: true,
    backend: 'rocksdb',
  };
}

/** What is wrong with a state's description. */
export function problemsOfState(node: string, { name, ttl }: StateDescriptor<unknown>): TopologyError[] {
  if (ttl === undefined) return [];
  const problems: TopologyError[] = [];
  if (!(Number.isSafeInteger(ttl.ms) && ttl.ms >= 1))
    problems.push(new IllegalTtlError(node, name, `it is ${ttl.ms} ms. Give whole milliseconds from 1 up`));
  const { cleanupPerRecord = 0 } = ttl;
  if (!(Number.isSafeInteger(cleanupPerRecord) && cleanupPerRecord >= 0))
    problems.push(
      new IllegalTtlError(node, name, `cleanupPerRecord is ${cleanupPerRecord}. Give a whole number from 0 up`),
    );
  return problems;
}

function storedKeySerde(
  { kind, mapKeySerde }: StateDescriptor<unknown>,
  keySerde: Serde<unknown> | undefined,
): Serde<unknown> {
  if (kind === 'operator') return string;
  return kind === 'map' ? pairKey(keySerde!, mapKeySerde!) : keySerde!;
}

function storedValueSerde({ kind, ttl, valueSerde }: StateDescriptor<unknown>): Serde<unknown> {
  const value = ttl === undefined ? valueSerde : (timedValue(valueSerde) as Serde<unknown>);
  return kind === 'list' ? listValue(value) : value;
}
