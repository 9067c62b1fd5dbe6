import type { KStream } from '../../src/index';
import { serdes, StreamsBuilder } from '../../src/index';
import { expectType } from './expect-type';

/* Compiled by `npm run types` and never run. */

const text = new StreamsBuilder().stream('text', { key: serdes.string, value: serdes.string });

export function asynchronousOperatorsInferTheirTypes(): void {
  expectType<KStream<string, number, 'key'>>()(
    text.mapValuesAsync(async (value, key, { signal, attempt }) => {
      signal.throwIfAborted();
      return Promise.resolve(value.length + key.length + attempt);
    }),
    true,
  );
  expectType<KStream<string, number, 'key'>>()(
    text.flatMapValuesAsync((value) => Promise.resolve(new Set([value.length])), { order: 'none', concurrency: 3 }),
    true,
  );
  expectType<KStream<number, boolean, never>>()(
    text.processAsync<number, boolean>(({ key, value }) =>
      Promise.resolve([{ key: key.length, value: value === key }]),
    ),
    true,
  );
  // @ts-expect-error the records are of other types than the operator says
  text.processAsync<number, boolean>(({ key, value }) => Promise.resolve([{ key, value }]));
  // @ts-expect-error there is no such order
  text.mapValuesAsync((value) => Promise.resolve(value), { order: 'record' });
  // @ts-expect-error the value serde is not known any more
  text.mapValuesAsync((value) => Promise.resolve(value)).to('out');
  text.mapValuesAsync((value) => Promise.resolve(value), { order: 'key' });
  const byLength = text.selectKey((_key, value) => value.length);
  // @ts-expect-error without a key serde keys cannot be told apart
  byLength.mapValuesAsync((value) => Promise.resolve(value), { order: 'key' });
  byLength.mapValuesAsync((value) => Promise.resolve(value), { order: 'key', key: serdes.int32 });
}
