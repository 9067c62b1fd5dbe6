type Job = () => Promise<unknown>;

/** What has to be undone when the demo ends, however it ends: the last thing first. */
export class Cleanup {
  private readonly jobs: Job[] = [];
  private running: Promise<void> | undefined;

  add(job: Job): void {
    this.jobs.push(job);
  }

  /** Undoes everything; called again, it waits for the same end. What cannot be undone does not keep the rest from it. */
  run(): Promise<void> {
    this.running ??= this.undoAll();
    return this.running;
  }

  private async undoAll(): Promise<void> {
    for (let job = this.jobs.pop(); job !== undefined; job = this.jobs.pop()) await job().catch(() => undefined);
  }
}
