import type { StreamsBuilder } from 'millrace';
import { serdes } from 'millrace';

/** The key is the account. A sender that got no answer sends a payment again, under the same id. */
export interface Payment {
  readonly id: string;
  readonly cents: number;
}

/** Hands on each payment once: another one of its account with the same id, less than an hour away, is dropped. */
export default function deduplication(builder: StreamsBuilder): void {
  builder
    .stream('payments', { key: serdes.string, value: serdes.json<Payment>() })
    .deduplicate({
      withinMs: 60 * 60_000,
      graceMs: 5 * 60_000,
      id: (account, payment) => `${account}/${payment.id}`,
      store: 'seen-payments',
    })
    .to('payments-once');
}
