/** Something of an operator that is to be done when a time has come: again and again, or whenever there is something. */
export interface DueWork {
  /** When, in milliseconds since 1970; Infinity while there is nothing to do. Whoever changes it tells the queue. */
  readonly due: number;
  /** Does what is due at `now`, one step of it: called again as long as `due` is not past `now`. */
  run(now: number): Promise<void> | undefined;
}

/**
 * What the operators of one task have to do by one clock: stream time, or the wall clock.
 *
 * It holds one entry for each punctuator and one for all timers of an operator, so it is short.
 */
export class DueQueue {
  private readonly works: DueWork[] = [];
  /** When the next work is due; Infinity for never. */
  next = Infinity;

  add(work: DueWork): void {
    this.works.push(work);
    this.changed();
  }

  remove(work: DueWork): void {
    const index = this.works.indexOf(work);
    if (index >= 0) this.works.splice(index, 1);
    this.changed();
  }

  /** To be called after the `due` of a work has changed. */
  changed(): void {
    let next = Infinity;
    for (const { due } of this.works) if (due < next) next = due;
    this.next = next;
  }

  /** The work that has been due the longest; of several, the one that was added first. */
  earliest(now: number): DueWork | undefined {
    if (this.next > now) return undefined;
    return this.works.find(({ due }) => due === this.next);
  }
}
