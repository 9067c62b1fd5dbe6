import fc from 'fast-check';
import { DeserializationError, SerializationError, serdes } from '../../src/index';

describe('bytes', () => {
  test('are handed on without a copy', () => {
    const bytes = Buffer.from('abc');
    expect(serdes.bytes.serialize(bytes)).toBe(bytes);
    expect(serdes.bytes.deserialize(bytes)).toBe(bytes);
    expect(serdes.bytes.deserializeRange!(bytes, 1, 3).buffer).toBe(bytes.buffer);
    expect(serdes.bytes.deserializeRange!(bytes, 1, 3).toString()).toBe('bc');
  });
});

describe('json', () => {
  test('gives every JSON value back', () => {
    const json = serdes.json<unknown>();
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        // JSON has one zero only.
        expect(json.deserialize(json.serialize(value))).toEqual(JSON.parse(JSON.stringify(value)));
      }),
    );
  });

  test('reads a value out of the middle of other bytes', () => {
    expect(serdes.json().deserializeRange!(Buffer.from('xx{"a":1}yy'), 2, 9)).toEqual({ a: 1 });
  });

  test('returns what the validation returns', () => {
    const upper = serdes.json((value) => String(value).toUpperCase());
    expect(upper.deserialize(Buffer.from('"abc"'))).toBe('ABC');
  });

  test('keeps the reason of a failed validation as the cause', () => {
    const reason = new Error('not an order');
    const orders = serdes.json(() => {
      throw reason;
    });
    expect(failureOf(() => orders.deserialize(Buffer.from('{}')))).toMatchObject({
      code: 'DESERIALIZATION_FAILED',
      format: 'json',
      cause: reason,
    });
  });

  test('never quotes the text that is not JSON', () => {
    const failure = failureOf(() => serdes.json().deserialize(Buffer.from('secret')));
    expect(failure).toBeInstanceOf(DeserializationError);
    expect(failure.message).not.toContain('secret');
    expect(failure.cause).toBeUndefined();
  });

  test('refuses text that is not UTF-8', () => {
    expect(() => serdes.json().deserialize(Buffer.from('"\xff"', 'latin1'))).toThrow(DeserializationError);
  });

  test.each([
    ['undefined', undefined],
    ['a function', () => 1],
    ['a bigint', 1n],
  ])('refuses to write %s', (_what, value) => {
    expect(() => serdes.json<unknown>().serialize(value)).toThrow(SerializationError);
  });

  test('refuses to write a cycle', () => {
    const cycle: { self?: unknown } = {};
    cycle.self = cycle;
    expect(() => serdes.json<unknown>().serialize(cycle)).toThrow(SerializationError);
  });
});

describe('uuid', () => {
  test('is the text that Java writes', () => {
    fc.assert(
      fc.property(fc.uuid(), (value) => {
        expect(serdes.uuid.serialize(value).toString()).toBe(value);
        expect(serdes.uuid.deserialize(serdes.uuid.serialize(value))).toBe(value);
      }),
    );
  });

  test('reads capitals, and writes none, so that one UUID is one key', () => {
    const capitals = '123E4567-E89B-12D3-A456-426614174000';
    expect(serdes.uuid.deserialize(Buffer.from(capitals))).toBe(capitals.toLowerCase());
    expect(() => serdes.uuid.serialize(capitals)).toThrow(SerializationError);
  });

  test.each(['', '123e4567e89b12d3a456426614174000', '123e4567-e89b-12d3-a456-42661417400g'])('refuses %j', (text) => {
    expect(() => serdes.uuid.deserialize(Buffer.from(text))).toThrow(DeserializationError);
  });
});

describe('void', () => {
  test('refuses to read anything, even nothing', () => {
    expect(() => serdes.void.deserialize(Buffer.alloc(0))).toThrow(DeserializationError);
  });
});

function failureOf(action: () => unknown): Error {
  try {
    action();
  } catch (error) {
    return error as Error;
  }
  throw new Error('nothing was thrown');
}

test.each(Object.entries({ ...serdes, json: serdes.json() }).filter(([, serde]) => typeof serde !== 'function'))(
  'a copy of %s goes by its own functions alone',
  (_, serde) => {
    expect(Object.keys({ ...serde }).sort()).toEqual(['deserialize', 'name', 'serialize']);
  },
);
