import type { StreamsBuilder } from 'millrace';
import { serdes, windows } from 'millrace';

/** What a visitor opened; the key is the visitor. */
export interface Click {
  readonly page: string;
}

/** What is written to `sessions`, under the visitor. */
export interface Session {
  readonly start: number;
  readonly end: number;
  readonly pages: readonly string[];
}

/** The visits of each visitor: clicks with no more than half an hour between them. Each is written once, when it is over. */
export default function clickSessions(builder: StreamsBuilder): void {
  builder
    .stream('clicks', { key: serdes.string, value: serdes.json<Click>() })
    .groupByKey()
    .windowedBy(windows.session({ inactivityGapMs: 30 * 60_000, graceMs: 60_000 }), { emit: 'on-close' })
    .aggregate<readonly string[]>(
      () => [],
      (_visitor, { page }, pages) => [...pages, page],
      (_visitor, earlier, later) => [...earlier, ...later],
      { store: 'visits', value: serdes.json() },
    )
    .toStream()
    .map(({ key, start, end }, pages): [string, Session] => [key, { start, end, pages: pages ?? [] }])
    .to('sessions', { key: serdes.string, value: serdes.json<Session>() });
}
