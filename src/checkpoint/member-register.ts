import type { ControlMessage } from './control-messages';

interface RegisteredMember {
  readonly process?: string | undefined;
  readonly tasks: readonly string[];
  readonly generation: number;
}

interface End {
  /** It died, or left after an error; else it left as it should. */
  readonly failed: boolean;
  /** Milliseconds since 1970. */
  readonly at: number;
}

/** A member that said nothing for so many generations of the group is forgotten. */
const GENERATIONS_KEPT = 20;

/** Who had which tasks, and how members ended, as far as this instance has heard of it in the control topic. */
export class MemberRegister {
  private readonly members = new Map<string, RegisteredMember>();
  private readonly ends = new Map<string, End>();

  /** @param now - milliseconds since 1970 */
  heard(message: ControlMessage, now: number): void {
    switch (message.type) {
      case 'ready':
        this.members.set(message.member, message);
        return this.forgetBefore(message.generation - GENERATIONS_KEPT);
      case 'left':
        this.ends.set(message.member, { failed: message.failed, at: now });
        return;
      case 'failure':
        if (message.since === undefined) return;
        for (const member of message.members ?? []) this.ends.set(member, { failed: true, at: message.since });
        return;
      default:
        return;
    }
  }

  /** Members that were the last to have one of these tasks, as far as is known. */
  ownersOf(tasks: readonly string[]): ReadonlySet<string> {
    const owners = new Set<string>();
    for (const task of tasks) {
      let newest: [string, RegisteredMember] | undefined;
      for (const entry of this.members)
        if (entry[1].tasks.includes(task) && entry[1].generation >= (newest?.[1].generation ?? -1)) newest = entry;
      if (newest !== undefined) owners.add(newest[0]);
    }
    return owners;
  }

  /** Undefined for one of which no end was heard. */
  endOf(member: string): End | undefined {
    return this.ends.get(member);
  }

  /** Members of one process have the same; the member itself, where it is not known. */
  processOf(member: string): string {
    return this.members.get(member)?.process ?? member;
  }

  private forgetBefore(generation: number): void {
    for (const [member, known] of this.members)
      if (known.generation < generation) {
        this.members.delete(member);
        this.ends.delete(member);
      }
  }
}
