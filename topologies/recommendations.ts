import type { StreamsBuilder } from 'millrace';
import { serdes } from 'millrace';

/** The key of purchases and visits is the user. */
export interface Purchase {
  readonly category: string;
  readonly product: string;
}

export interface Visit {
  readonly category: string;
}

export interface Ranked {
  readonly product: string;
  readonly sold: number;
}

export const BEST = 3;

/** More sales first; of as many, in the order of names, so that every run gives the same. */
function ranking(a: Ranked, b: Ranked): number {
  return b.sold - a.sold || (a.product < b.product ? -1 : 1);
}

/** Keeps the three products of each category that were bought most, and recommends them to who visits the category. */
export default function recommendations(builder: StreamsBuilder): void {
  const best = builder
    .stream('purchases', { key: serdes.string, value: serdes.json<Purchase>() })
    .groupBy((_user, { category, product }) => [category, product] as const, {
      key: serdes.json<readonly [string, string]>(),
    })
    .count('sold')
    .groupBy(([category, product], sold) => [category, { product, sold }], {
      key: serdes.string,
      value: serdes.json<Ranked>(),
    })
    .aggregate<readonly Ranked[]>(
      () => [],
      (_category, added, ranked) => [...ranked, added].sort(ranking).slice(0, BEST),
      (_category, removed, ranked) => ranked.filter(({ product }) => product !== removed.product),
      { store: 'best-sellers', value: serdes.json() },
    );

  builder
    .stream('visits', { key: serdes.string, value: serdes.json<Visit>() })
    .map((user, { category }) => [category, user])
    .join(best, (user, ranked) => ({ user, products: ranked.map(({ product }) => product) }), {
      key: serdes.string,
      value: serdes.string,
      name: 'by-category',
    })
    .map((_category, { user, products }) => [user, products])
    .to('recommendations', { key: serdes.string, value: serdes.json() });
}
