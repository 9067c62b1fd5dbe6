import type { Ready } from './control-messages';

/** The members of the newest generation that was heard of whose tasks are all open, with the producer each has by now. */
export class ReadyMembers {
  private readonly byMember = new Map<string, Ready>();
  private generation = -1;

  /** @returns whether it is of the newest generation */
  heard(ready: Ready): boolean {
    if (ready.generation < this.generation) return false;
    if (ready.generation > this.generation) this.byMember.clear();
    this.generation = ready.generation;
    this.byMember.set(ready.member, ready);
    return true;
  }

  /** All of them; undefined while one of the tasks is open nowhere. */
  withAll(tasks: readonly string[], generation: number): readonly Ready[] | undefined {
    if (this.generation !== generation) return undefined;
    const members = [...this.byMember.values()];
    const open = new Set(members.flatMap((each) => each.tasks));
    return tasks.every((task) => open.has(task)) ? members : undefined;
  }
}
