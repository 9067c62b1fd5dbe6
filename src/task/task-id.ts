/** Names a task: subtopology x partition. Written `<subtopology>_<partition>`. */
export class TaskId {
  constructor(
    readonly subtopology: number,
    readonly partition: number,
  ) {}

  static parse(text: string): TaskId | undefined {
    const match = /^(\d{1,6})_(\d{1,6})$/.exec(text);
    return match === null ? undefined : new TaskId(Number(match[1]), Number(match[2]));
  }

  toString(): string {
    return `${this.subtopology}_${this.partition}`;
  }
}
