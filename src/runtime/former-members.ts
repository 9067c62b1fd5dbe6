import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { removeGroupMember, type ClusterClient } from '../kafka';
import type { Logger } from '../logging/logger';

/**
 * Remembers, in the state directory, as which members this instance is in the group.
 *
 * A process that was killed leaves members behind that the group waits for, a session time-out long. Whoever holds the lock of the
 * state directory knows that the process is dead, and can say so: the tasks are then assigned at once.
 */
export class FormerMembers {
  private readonly file: string;
  private readonly members = new Map<string, string>();
  private writing: Promise<void> = Promise.resolve();

  constructor(
    directory: string,
    private readonly cluster: ClusterClient,
    private readonly groupId: string,
    private readonly logger: Logger,
  ) {
    this.file = join(directory, 'members.json');
  }

  /** Whether the process before was killed: it had not left the group. To be asked before anything else. */
  async endedUncleanly(): Promise<boolean> {
    return (await this.read()).length > 0;
  }

  /** Takes the members of a process that died out of the group. It is a courtesy: what fails is left to the session time-out. */
  async leaveGroup(): Promise<void> {
    for (const memberId of await this.read()) {
      try {
        await removeGroupMember(this.cluster, this.groupId, memberId);
        this.logger.info(
          { event: 'former_member_removed', member: memberId },
          'Took the member of a process that died out of the group',
        );
      } catch (error) {
        this.logger.warn(
          { event: 'former_member_left', member: memberId, err: error },
          'Could not take the member of a process that died out of the group',
        );
      }
    }
    await rm(this.file, { force: true });
  }

  joined(thread: string, memberId: string): void {
    if (this.members.get(thread) === memberId) return;
    this.members.set(thread, memberId);
    this.save();
  }

  left(thread: string): void {
    if (this.members.delete(thread)) this.save();
  }

  /** Resolves when the file says what is so. */
  async settled(): Promise<void> {
    await this.writing;
  }

  private save(): void {
    const members = [...this.members.values()];
    this.writing = this.writing
      .then(() =>
        members.length === 0
          ? rm(this.file, { force: true })
          : writeFile(this.file, JSON.stringify(members), { mode: 0o600 }),
      )
      .catch((error: unknown) => {
        this.logger.warn(
          { event: 'members_not_saved', err: error },
          'Could not write down the group members: after a crash the group will wait for their session time-out',
        );
      });
  }

  /** A file that a crash cut off says nothing. */
  private async read(): Promise<string[]> {
    try {
      const members: unknown = JSON.parse(await readFile(this.file, 'utf8'));
      return Array.isArray(members) ? members.filter((member) => typeof member === 'string') : [];
    } catch {
      return [];
    }
  }
}
