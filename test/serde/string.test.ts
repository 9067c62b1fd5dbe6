import fc from 'fast-check';
import { DeserializationError, SerializationError, serdes } from '../../src/index';

const { string } = serdes;

test.each([
  ['', ''],
  ['abc', '616263'],
  ['straße', '73747261c39f65'],
  ['日本', 'e697a5e69cac'],
  ['😀', 'f09f9880'],
  ['\uFFFD', 'efbfbd'],
  ['\0', '00'],
])("writes %j as Java's StringSerializer does", (text, bytes) => {
  expect(string.serialize(text).toString('hex')).toBe(bytes);
  expect(string.deserialize(Buffer.from(bytes, 'hex'))).toBe(text);
});

test('gives every text back, short or long', () => {
  const anyText = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.string({ unit: 'binary-ascii', minLength: 30, maxLength: 50 }),
    fc.string({ unit: 'grapheme', minLength: 30, maxLength: 100 }),
  );
  fc.assert(
    fc.property(anyText, (text) => {
      const bytes = string.serialize(text);
      expect(bytes).toEqual(Buffer.from(text));
      expect(string.deserialize(bytes)).toBe(text);
      const surrounded = Buffer.concat([Buffer.from('ä'), bytes, Buffer.from('ü')]);
      expect(string.deserializeRange!(surrounded, 2, 2 + bytes.length)).toBe(text);
    }),
  );
});

test('reads bytes exactly when they are UTF-8', () => {
  const strict = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
  const nearlyText = fc
    .tuple(fc.string({ unit: 'grapheme' }), fc.uint8Array({ maxLength: 4 }), fc.string())
    .map(([before, odd, after]) => Buffer.concat([Buffer.from(before), odd, Buffer.from(after)]));
  fc.assert(
    fc.property(nearlyText, (bytes) => {
      let expected: string | undefined;
      try {
        expected = strict.decode(bytes);
      } catch {
        expect(() => string.deserialize(bytes)).toThrow(DeserializationError);
      }
      if (expected !== undefined) expect(string.deserialize(bytes)).toBe(expected);
    }),
    { numRuns: 500 },
  );
});

test.each([
  ['a lone continuation byte', '6180'],
  ['a sequence cut short', '61e697'],
  ['an overlong slash', 'c0af'],
  ['half of a surrogate pair', 'eda080'],
  ['bytes beside a replacement character', 'efbfbdff'],
])('refuses to read %s', (_what, bytes) => {
  expect(() => string.deserialize(Buffer.from(bytes, 'hex'))).toThrow(DeserializationError);
});

test('reads a character that is cut by the end of its range as invalid', () => {
  const bytes = Buffer.from('aé');
  expect(() => string.deserializeRange!(bytes, 0, 2)).toThrow(DeserializationError);
});

test.each(['\uD800', 'a\uDC00b', `${'long '.repeat(20)}\uD83D`])(
  'refuses to write half of a surrogate pair, which would become another text',
  (text) => {
    expect(() => string.serialize(text)).toThrow(SerializationError);
  },
);
