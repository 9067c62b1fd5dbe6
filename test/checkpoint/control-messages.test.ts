import { decodeMessage, encodeMessage, type Stored } from '../../src/checkpoint/control-messages';
import { encodeMetadata } from '../../src/checkpoint/metadata-codec';
import { checkpointOf, fileOf } from './checkpoints';

const [snapshot] = checkpointOf(3, [fileOf(3, '000007.sst')]).tasks;
const stored = (file: object): object => ({
  type: 'stored',
  ...{ generation: 4, number: 3, member: 'a', storedBytes: 10, milliseconds: 1.5 },
  snapshot: { ...snapshot, files: [{ ...fileOf(3, '000007.sst'), ...file }] },
});
const heard = (message: unknown): unknown => decodeMessage(Buffer.from(JSON.stringify(message)));

describe('a message in the control topic', () => {
  it('is heard as it was said, and what it says of a snapshot fits into the metadata', () => {
    const message = decodeMessage(encodeMessage(stored({}) as Stored));
    expect(message).toEqual(stored({}));
    expect(() => encodeMetadata(checkpointOf(3, [], { tasks: [(message as Stored).snapshot] }))).not.toThrow();
  });

  it('with members that a later version added is heard without them', () => {
    expect(heard({ ...stored({ colour: 'green' }), shape: 'round' })).toEqual(stored({}));
  });

  it.each([
    ['leads out of the directory of its task', { name: '../x.sst' }, 'name'],
    ['is none in the snapshot store', { object: 'orders/../x' }, 'object'],
    ['has a size that JSON does not keep exactly', { sizeInBytes: Number.MAX_SAFE_INTEGER + 1 }, 'sizeInBytes'],
  ])('of a file that %s is refused, and named', (_, file, member) => {
    const problem = expect.stringContaining(`snapshot.files.0.${member}: `) as string;
    expect(heard(stored(file))).toEqual({ type: 'unknown', given: 'stored', problem });
  });

  it.each([
    ['of a kind that only a later version knows', { type: 'celebrate', number: 3 }, 'celebrate'],
    ['without a kind', [1], ''],
    ['that is nothing', null, ''],
  ])('%s is refused', (_, message, given) => {
    expect(heard(message)).toMatchObject({ type: 'unknown', given });
  });

  it('that is not JSON is refused', () => {
    expect(decodeMessage(Buffer.from('{"type":'))).toEqual({ type: 'unknown', given: '', problem: 'it is not JSON' });
  });
});
