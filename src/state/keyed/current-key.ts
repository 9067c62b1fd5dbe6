import { StateOutsideKeyError } from './state-errors';

/** The key that a processor's state and timers are of now. */
export class CurrentKey {
  private current: unknown;
  private isSet = false;

  constructor(private readonly node: string) {}

  /** @throws {StateOutsideKeyError} */
  of(what: string): unknown {
    if (!this.isSet) throw new StateOutsideKeyError(what, this.node);
    return this.current;
  }

  enter(key: unknown): void {
    this.current = key;
    this.isSet = true;
  }

  leave(): void {
    this.current = undefined;
    this.isSet = false;
  }
}
