import { readFile, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { GroupAdmin, removeGroupMember, type ClusterClient } from '../kafka';
import type { Logger } from '../logging/logger';
import type { EndOfProcess } from './application-availability';

/** So long, at most, before its end an instance that is killed is seen for the last time. */
const SIGN_OF_LIFE_MS = 1_000;

/**
 * Remembers, in the state directory, as which members this instance is in the group.
 *
 * A process that was killed leaves members behind that the group waits for, a session time-out long. Whoever holds the lock of the
 * state directory knows that the process is dead, and can say so: the tasks are then assigned at once. The time of the file is the
 * process's last sign of life.
 */
export class FormerMembers {
  private readonly file: string;
  private readonly members = new Map<string, string>();
  private writing: Promise<void> = Promise.resolve();
  private signs: NodeJS.Timeout | undefined;

  constructor(
    directory: string,
    private readonly cluster: ClusterClient,
    private readonly groupId: string,
    private readonly logger: Logger,
  ) {
    this.file = join(directory, 'members.json');
  }

  /** The process before, if it was killed: it had not left the group. To be asked before anything else. */
  async formerProcess(): Promise<EndOfProcess | undefined> {
    const members = await this.read();
    return members.length === 0 ? undefined : { members, lastSeenAt: (await stat(this.file)).mtimeMs };
  }

  /** Whether nobody has had the tasks of that process since. To be asked before `leaveGroup`. */
  async areTasksLeftAlone(former: EndOfProcess): Promise<boolean> {
    try {
      const { members } = await new GroupAdmin(this.cluster).describe(this.groupId);
      return members.length === 0 || members.some(({ memberId }) => former.members.includes(memberId));
    } catch (error) {
      this.logger.warn(
        { event: 'absence_unknown', err: error },
        'Could not find out for how long this instance was away: its recovery is not measured',
      );
      return false;
    }
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
    this.signs ??= setInterval(() => this.giveSign(), SIGN_OF_LIFE_MS).unref();
  }

  left(thread: string): void {
    if (this.members.delete(thread)) this.save();
  }

  /** Resolves when the file says what is so. */
  async settled(): Promise<void> {
    clearInterval(this.signs);
    this.signs = undefined;
    await this.writing;
  }

  private giveSign(): void {
    if (this.members.size === 0) return;
    const now = new Date();
    // Where it was not written, that was said.
    this.writing = this.writing.then(() => utimes(this.file, now, now)).catch(() => undefined);
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
