import fc from 'fast-check';
import { CheckpointCatalog } from '../../src/checkpoint/checkpoint-catalog';
import type { CheckpointMetadata, SnapshotFile } from '../../src/checkpoint/checkpoint-metadata';
import { SnapshotStoreError } from '../../src/checkpoint/errors';
import { silentLogger } from '../../src/logging/logger';
import { APPLICATION, checkpointOf, fileOf, savepointOf } from './checkpoints';
import { FailingStore } from './failing-store';

/** A step of a coordinator, or of a person, that is killed after some changes of the store. */
type Step = { readonly killedAfter: number } & (
  | { readonly what: 'checkpoint'; readonly keptFiles: number; readonly newFiles: number }
  | { readonly what: 'savepoint'; readonly keptFiles: number; readonly newFiles: number }
  | { readonly what: 'delete'; readonly which: number }
  | { readonly what: 'clean up'; readonly keep: number }
);

const killedAfter = fc.oneof(fc.constant(Infinity), fc.nat(6));
const cut = { keptFiles: fc.nat(4), newFiles: fc.integer({ min: 0, max: 3 }), killedAfter };
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 4, arbitrary: fc.record({ what: fc.constant('checkpoint' as const), ...cut }) },
  { weight: 1, arbitrary: fc.record({ what: fc.constant('savepoint' as const), ...cut }) },
  { weight: 2, arbitrary: fc.record({ what: fc.constant('delete' as const), which: fc.nat(), killedAfter }) },
  {
    weight: 3,
    arbitrary: fc.record({ what: fc.constant('clean up' as const), keep: fc.constantFrom(1, 2, 3, 99), killedAfter }),
  },
);

/** A coordinator that is started again after each crash, with what is in the store. */
class Life {
  readonly store = new FailingStore();
  readonly catalog = new CheckpointCatalog(this.store, APPLICATION, silentLogger);

  async run(each: Step): Promise<void> {
    this.store.failAfter = each.killedAfter;
    try {
      await this.take(each);
    } catch (error) {
      if (!(error instanceof SnapshotStoreError)) throw error;
    }
    this.store.failAfter = Infinity;
  }

  private async take(each: Step): Promise<void> {
    const entries = await this.catalog.list();
    const [newest] = entries;
    if (each.what === 'delete') {
      const entry = entries[each.which % Math.max(1, entries.length)];
      if (entry !== undefined) await this.catalog.delete(entry.id, { applicationStopped: each.which % 2 === 0 });
    } else if (each.what === 'clean up') {
      await this.catalog.cleanUp({ keep: each.keep, below: (newest?.number ?? 0) + 1, inUse: undefined });
    } else {
      const number = await this.catalog.nextNumberAfter(0);
      const kept = newest?.metadata?.tasks[0]?.files.slice(0, each.keptFiles) ?? [];
      const added = Array.from({ length: each.newFiles }, (_, index) => fileOf(number, `${number}-${index}.sst`));
      await this.complete(number, each.what, kept, added);
    }
  }

  private async complete(
    number: number,
    kind: 'checkpoint' | 'savepoint',
    kept: readonly SnapshotFile[],
    added: readonly SnapshotFile[],
  ): Promise<void> {
    for (const { object, name } of added) await this.store.put(object, Buffer.from(name));
    const files = [...kept, ...added];
    const metadata = kind === 'checkpoint' ? checkpointOf(number, files) : savepointOf(number, `save-${number}`, files);
    await this.catalog.write(metadata);
  }

  async visible(): Promise<CheckpointMetadata[]> {
    return (await this.catalog.list()).map(({ metadata }) => metadata!);
  }
}

describe('a catalog whose users are killed at any moment', () => {
  it('never shows a checkpoint whose files are gone, and loses no file for ever', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 20 }), async (steps) => {
        const life = new Life();
        for (const each of steps) {
          await life.run(each);
          for (const metadata of await life.visible())
            expect(await life.catalog.verify(metadata, { deep: true })).toMatchObject({ problems: [] });
        }
        await life.catalog.cleanUp({ keep: 99, below: Infinity, inUse: undefined });
        const listed = (await life.visible()).flatMap(({ tasks }) => tasks[0]!.files.map(({ object }) => object));
        const stored = [...life.store.objects.keys()].filter((name) => name.includes('/files/'));
        expect(stored.sort()).toEqual([...new Set(listed)].sort());
      }),
      { numRuns: 300 },
    );
  });
});
