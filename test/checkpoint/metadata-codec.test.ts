import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { canonicalJson } from '../../src/checkpoint/canonical-json';
import { SnapshotDamagedError } from '../../src/checkpoint/errors';
import { decodeMetadata, encodeMetadata } from '../../src/checkpoint/metadata-codec';
import type { CheckpointMetadata } from '../../src/checkpoint/checkpoint-metadata';
import { checkpointOf, fileOf } from './checkpoints';

const origin = { store: 'a store', object: 'orders/checkpoints/checkpoint-3.json' };

const full: CheckpointMetadata = checkpointOf(
  3,
  [{ ...fileOf(1, '000007.sst'), keyId: '2026-05' }, fileOf(3, 'MANIFEST-000004')],
  {
    availability: {
      since: 1_700_000_000_000,
      failures: 2,
      replayedRecords: 3,
      lastRecovery: { detectMs: 10_000.5, restoreMs: 0, catchUpMs: 7 },
    },
    channels: [
      {
        topic: { name: 'words', internal: true },
        partition: 1,
        from: Number.MAX_SAFE_INTEGER,
        barriers: [{ producerId: '9223372036854775807', offset: 12 }],
        records: fileOf(3, 'words-1'),
      },
      { topic: { name: 'words', internal: true }, partition: 0, from: 0, barriers: [] },
    ],
  },
);

/** The document with its checksum made to fit again, as a program with a defect might write it. */
function signed(document: Record<string, unknown>): Buffer {
  const rest = { ...document, sha256: undefined };
  const sha256 = createHash('sha256').update(canonicalJson(rest)).digest('hex');
  return Buffer.from(JSON.stringify({ ...rest, sha256 }));
}

function documentOf(metadata: CheckpointMetadata): { formatVersion: number; checkpoint: Record<string, unknown> } {
  return JSON.parse(encodeMetadata(metadata).toString()) as ReturnType<typeof documentOf>;
}

function damageOf(document: Uint8Array): string {
  try {
    decodeMetadata(document, origin);
  } catch (error) {
    expect(error).toBeInstanceOf(SnapshotDamagedError);
    expect(error).toMatchObject({ code: 'SNAPSHOT_DAMAGED', ...origin });
    return (error as SnapshotDamagedError).damage;
  }
  throw new Error('it was read');
}

describe('the metadata of a checkpoint', () => {
  it('is read as it was written, with 64-bit numbers and all', () => {
    expect(decodeMetadata(encodeMetadata(full), origin)).toEqual(full);
    const small = checkpointOf(0, [], { slowestTask: undefined, tasks: [] });
    expect(decodeMetadata(encodeMetadata(small), origin)).toStrictEqual({ ...small, slowestTask: undefined });
  });

  it('is one document of JSON with its version beside it', () => {
    expect(documentOf(full)).toMatchObject({ formatVersion: 1, checkpoint: { id: 'checkpoint-3', number: 3 } });
  });

  it('is refused after any change of a byte', () => {
    const document = encodeMetadata(full);
    fc.assert(
      fc.property(fc.nat(document.length - 2), fc.integer({ min: 1, max: 255 }), (position, change) => {
        const changed = Buffer.from(document);
        changed[position]! ^= change;
        damageOf(changed);
      }),
      { numRuns: 500 },
    );
  });

  it('is refused when it was cut off', () => {
    const document = encodeMetadata(full);
    for (const length of [0, 1, 100, document.length - 2])
      expect(damageOf(document.subarray(0, length))).toContain('cut off');
  });

  it('may be written in another way by a tool, as long as it says the same', () => {
    const { checkpoint, ...rest } = documentOf(full);
    const reordered = Object.fromEntries(Object.entries(checkpoint).reverse());
    const document = Buffer.from(JSON.stringify({ ...rest, checkpoint: reordered }, undefined, 2));
    expect(decodeMetadata(document, origin)).toEqual(full);
  });

  it('of a newer format says that a newer Millrace is needed', () => {
    const document = signed({ ...documentOf(full), formatVersion: 2 });
    expect(damageOf(document)).toMatch(/newer Millrace wrote it, in format version 2.*up to 1.*Use the newer one/);
  });

  it.each([
    ['without a format version', { formatVersion: undefined }, /no format version/],
    ['of an unknown older format', { formatVersion: 0 }, /no format version/],
    ['without the checkpoint', { checkpoint: undefined }, /^checkpoint: /],
  ])('%s is refused', (_, change, damage) => {
    expect(damageOf(signed({ ...documentOf(full), ...change }))).toMatch(damage);
  });

  it.each(Object.keys(full).filter((member) => !['slowestTask', 'availability'].includes(member)))(
    "that lacks '%s' is refused, whatever its checksum",
    (member) => {
      const document = documentOf(full);
      delete document.checkpoint[member];
      expect(damageOf(signed({ ...document }))).toContain(`checkpoint.${member}: `);
    },
  );

  it('that would write a file elsewhere than into the directory of its task is refused', () => {
    for (const name of ['../x.sst', '..', 'a/b', '', '/etc/passwd']) {
      const document = documentOf(checkpointOf(1, [fileOf(1, 'x.sst')]));
      document.checkpoint['tasks'] = [
        { task: '0_0', inputs: [], changelogPositions: {}, files: [{ ...fileOf(1, 'x.sst'), name }] },
      ];
      expect(damageOf(signed(document))).toContain('checkpoint.tasks.0.files.0.name');
    }
  });

  it('with a number that JSON does not keep exactly is refused, when written and when read', () => {
    const inexact = checkpointOf(3, [], { incrementalBytes: Number.MAX_SAFE_INTEGER + 1 });
    expect(() => encodeMetadata(inexact)).toThrow(/checkpoint\.incrementalBytes/);
    expect(damageOf(signed({ formatVersion: 1, checkpoint: inexact }))).toContain('checkpoint.incrementalBytes');
  });

  it('with a member that would be lost is not written', () => {
    const more = { ...checkpointOf(3), colour: 'green' };
    expect(() => encodeMetadata(more)).toThrow(RangeError);
  });

  it('with a member that a later version added beside is read without it', () => {
    const document = documentOf(full);
    document.checkpoint['colour'] = 'green';
    expect(decodeMetadata(signed({ ...document }), origin)).toEqual(full);
  });
});
