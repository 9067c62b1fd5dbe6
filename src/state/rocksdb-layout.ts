import { StateCorruptedError, StateFormatError, StateIncompatibleError } from './state-database-errors';
import { PREFIX_LENGTH } from './numbered-store';
import type { StoreFormat } from './state-database';

/**
 * What the keys of a task's database look like. A key begins with the number of its store, two bytes, big endian:
 *
 *     00 00 'format'      {"version": 1}
 *     00 00 'stores'      [{"number": 1, "name": ..., "kind": ..., "keySerde": ..., "valueSerde": ...}, ...]
 *     00 00 'positions'   what the last write said; part of every write
 *     00 01 <key>         entries of the first store, and so on
 *
 * A store that the topology no longer has keeps its number and its entries, so it is found as it was if it comes back.
 */
export const FORMAT_VERSION = 1;

const metadataKey = (name: string): Buffer => Buffer.concat([Buffer.alloc(PREFIX_LENGTH), Buffer.from(name)]);

export const FORMAT_KEY = metadataKey('format');
export const STORES_KEY = metadataKey('stores');
export const POSITIONS_KEY = metadataKey('positions');

/** A store as it is written down in the database. */
export interface StoredStore {
  readonly number: number;
  readonly name: string;
  readonly kind: string;
  readonly keySerde: string;
  readonly valueSerde: string;
}

export function encodeFormat(): Buffer {
  return Buffer.from(JSON.stringify({ version: FORMAT_VERSION }));
}

/** @throws {StateFormatError} when a newer Millrace wrote it */
export function checkFormat(directory: string, stored: Buffer | undefined): void {
  if (stored === undefined) throw new StateCorruptedError(directory, 'it has no format marker');
  const { version } = decode<{ version: number }>(directory, 'format marker', stored);
  if (!Number.isInteger(version)) throw new StateCorruptedError(directory, 'its format marker cannot be read');
  if (version > FORMAT_VERSION) throw new StateFormatError(directory, version, FORMAT_VERSION);
}

/**
 * The stores that are both written down and declared.
 *
 * @throws {StateIncompatibleError} when one was another then
 */
export function knownStores(
  directory: string,
  stored: Buffer | undefined,
  declared: readonly StoreFormat[],
): readonly StoredStore[] {
  if (stored === undefined) return [];
  const { stores } = registerStores(directory, stored, declared);
  const written = new Set(decode<StoredStore[]>(directory, 'list of stores', stored).map(({ number }) => number));
  const names = new Set(declared.map(({ name }) => name));
  return stores.filter(({ name, number }) => written.has(number) && names.has(name));
}

export function encodeStores(stores: readonly StoredStore[]): Buffer {
  return Buffer.from(JSON.stringify(stores));
}

/** The stores that the database knows, with those added that the topology has besides. */
export function registerStores(
  directory: string,
  stored: Buffer | undefined,
  declared: readonly StoreFormat[],
): { readonly stores: readonly StoredStore[]; readonly added: boolean } {
  const stores = stored === undefined ? [] : [...decode<StoredStore[]>(directory, 'list of stores', stored)];
  const known = stores.length;
  const byName = new Map(stores.map((store) => [store.name, store]));
  for (const { name, kind, keySerde, valueSerde } of declared) {
    const found = byName.get(name);
    if (found === undefined) {
      stores.push({ number: stores.length + 1, name, kind, keySerde: keySerde.name, valueSerde: valueSerde.name });
      continue;
    }
    if (found.kind !== kind) throw new StateIncompatibleError(directory, name, 'kind', kind, found.kind);
    if (found.keySerde !== keySerde.name)
      throw new StateIncompatibleError(directory, name, 'key serde', keySerde.name, found.keySerde);
    if (found.valueSerde !== valueSerde.name)
      throw new StateIncompatibleError(directory, name, 'value serde', valueSerde.name, found.valueSerde);
  }
  return { stores, added: stores.length > known };
}

function decode<T>(directory: string, what: string, bytes: Buffer): T {
  try {
    return JSON.parse(bytes.toString()) as T;
  } catch (cause) {
    throw new StateCorruptedError(directory, `its ${what} cannot be read`, { cause });
  }
}
