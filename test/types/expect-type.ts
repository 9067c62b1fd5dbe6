/** Fails to compile unless the two types are the very same; the second argument is always `true`. */
export function expectType<Expected>(): <Actual>(value: Actual, same: Same<Expected, Actual>) => void {
  return () => undefined;
}

type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : never;
