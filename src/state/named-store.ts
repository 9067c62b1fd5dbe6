/** What a database has under a store's name. A name that it was not opened with is a mistake of the caller. */
export function namedStore<T>(stores: ReadonlyMap<string, T>, name: string, database: string): T {
  const store = stores.get(name);
  if (store === undefined) throw new Error(`The state in ${database} has no store '${name}'.`);
  return store;
}
