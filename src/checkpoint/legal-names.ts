import { SnapshotStoreError } from './errors';

const PART = /^[A-Za-z0-9._-]+$/;

/** One part of an object's name: letters, digits, '.', '_', '-', and neither '.' nor '..'. */
export function isLegalPart(part: string): boolean {
  return PART.test(part) && part !== '.' && part !== '..';
}

export function isLegalName(name: string): boolean {
  return name.split('/').every(isLegalPart);
}

/**
 * Names may come from a metadata document, which is as trustworthy as the place that it lies in: none may lead out of the store.
 *
 * @throws {SnapshotStoreError} when no object can have this name
 */
export function checkName(store: string, what: string, name: string): void {
  if (!isLegalName(name)) throw new SnapshotStoreError(store, name, what, new Error('no object can have this name'));
}

/** @throws {SnapshotStoreError} when no name of an object can begin so */
export function checkPrefix(store: string, prefix: string): void {
  const parts = prefix.split('/');
  const unfinished = parts.pop() ?? '';
  if (parts.every(isLegalPart) && (unfinished === '' || PART.test(unfinished))) return;
  throw new SnapshotStoreError(store, prefix, 'Listing', new Error('no name of an object can begin so'));
}
