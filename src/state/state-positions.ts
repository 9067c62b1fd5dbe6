/** How far inputs and changelogs have been applied to a task's state. */
export class StatePositions {
  private readonly inputs = new Map<string, Map<number, number>>();
  private readonly changelogs = new Map<string, number>();

  inputOffset(topic: string, partition: number): number | undefined {
    return this.inputs.get(topic)?.get(partition);
  }

  changelogPosition(store: string): number | undefined {
    return this.changelogs.get(store);
  }

  /** All changelog positions together: of two copies of a task's state, the one with the greater sum is ahead. */
  changelogSum(): number {
    let sum = 0;
    for (const position of this.changelogs.values()) sum += position;
    return sum;
  }

  setInputOffset(topic: string, partition: number, offset: number): void {
    let partitions = this.inputs.get(topic);
    if (partitions === undefined) this.inputs.set(topic, (partitions = new Map<number, number>()));
    partitions.set(partition, offset);
  }

  setChangelogPosition(store: string, offset: number): void {
    this.changelogs.set(store, offset);
  }

  /** Takes over every position that `later` has. */
  merge(later: StatePositions): void {
    for (const [topic, partitions] of later.inputs) {
      for (const [partition, offset] of partitions) this.setInputOffset(topic, partition, offset);
    }
    for (const [store, offset] of later.changelogs) this.setChangelogPosition(store, offset);
  }

  copy(): StatePositions {
    const copy = new StatePositions();
    copy.merge(this);
    return copy;
  }

  encode(): Buffer {
    const inputs = [...this.inputs].map(([topic, partitions]) => [topic, [...partitions]]);
    return Buffer.from(JSON.stringify({ inputs, changelogs: [...this.changelogs] }));
  }

  /** @throws {Error} when the bytes are not what `encode` makes */
  static decode(bytes: Buffer): StatePositions {
    const positions = new StatePositions();
    const parsed = JSON.parse(bytes.toString()) as {
      inputs: [string, [number, number][]][];
      changelogs: [string, number][];
    };
    for (const [topic, partitions] of parsed.inputs) {
      for (const [partition, offset] of partitions) positions.setInputOffset(topic, partition, offset);
    }
    for (const [store, offset] of parsed.changelogs) positions.setChangelogPosition(store, offset);
    return positions;
  }
}
