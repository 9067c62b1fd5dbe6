import { randomBytes } from 'node:crypto';
import { inspect } from 'node:util';
import { SnapshotKeys, SnapshotKeysError } from '../../src/checkpoint/snapshot-keys';

const BYTES = randomBytes(32);
const HEX = BYTES.toString('hex');
const BASE64 = BYTES.toString('base64');
const OTHER = '77'.repeat(32);

describe('keys of snapshots', () => {
  it.each([
    ['hexadecimal digits', `k:${HEX}`],
    ['hexadecimal digits in capitals', `k:${HEX.toUpperCase()}`],
    ['base64', `k:${BASE64}`],
    ['base64 without padding', `k:${BASE64.replace('=', '')}`],
    ['a line of a file', `# made in May\n\nk:${HEX}  # the current one\r\n`],
  ])('are read from %s', (_, text) => {
    const { current } = SnapshotKeys.parse(text);
    expect(current.id).toBe('k');
    expect(current.key.export()).toEqual(BYTES);
  });

  it.each([`new:${HEX},old:${OTHER}`, `new:${HEX}\nold:${OTHER}\n`, ` new:${HEX} , old:${OTHER} `])(
    'may be several, of which the first is the current one',
    (text) => {
      const keys = SnapshotKeys.parse(text);
      expect(keys.ids).toEqual(['new', 'old']);
      expect(keys.current.id).toBe('new');
      expect(keys.find('old')?.key.export().toString('hex')).toBe(OTHER);
      expect(keys.find('older')).toBeUndefined();
    },
  );

  it.each([
    ['nothing', ''],
    ['only a comment', '# none'],
    ['no id', HEX],
    ['an empty id', `:${HEX}`],
    ['an id with other characters', `k/1:${HEX}`],
    ['too long an id', `${'k'.repeat(65)}:${HEX}`],
    ['too short a key', `k:${HEX.slice(2)}`],
    ['too long a key', `k:${HEX}00`],
    ['16 bytes in base64', `k:${BYTES.subarray(16).toString('base64')}`],
    ['a pass phrase', 'k:correct-horse-battery-staple'],
    ['an id twice', `k:${HEX},k:${OTHER}`],
    ['one wrong key among right ones', `k:${HEX},l:${OTHER}0`],
  ])('are refused, and not shown, when there is %s', (_, text) => {
    let thrown: unknown;
    try {
      SnapshotKeys.parse(text);
    } catch (error) {
      thrown = error;
    }
    expect(thrown).toBeInstanceOf(SnapshotKeysError);
    for (const secret of [HEX, HEX.slice(2), 'correct-horse', OTHER]) expect(inspect(thrown)).not.toContain(secret);
  });

  it('show their ids and nothing else', () => {
    const keys = SnapshotKeys.parse(`k:${HEX},l:${OTHER}`);
    for (const shown of [
      inspect(keys, { depth: null, showHidden: true }),
      JSON.stringify(keys),
      `${inspect(keys.current)}`,
    ]) {
      expect(shown).toContain('k');
      for (const secret of [HEX, BASE64, OTHER, inspect(BYTES)]) expect(shown).not.toContain(secret);
    }
  });
});
