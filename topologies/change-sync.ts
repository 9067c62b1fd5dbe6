import type { Awaitable, Processor, ProcessorContext, StreamRecord, StreamsBuilder, ValueState } from 'millrace';
import { serdes, valueState } from 'millrace';

/** A change that a database's log tells of. The key is the row's; `after` is null where the row was deleted. */
export interface ChangeEvent {
  /** Where in the log: higher with each change. */
  readonly position: number;
  readonly after: { readonly name: string; readonly email: string; readonly lastSeen: number } | null;
}

/** What the other topic shows of a row. */
export interface Contact {
  readonly name: string;
  readonly email: string;
}

interface Synced {
  readonly position: number;
  readonly contact: Contact | null;
}

const synced = valueState({ name: 'synced', value: serdes.json<Synced>() });

class Sync implements Processor<string, ChangeEvent, string, Contact | null> {
  private context!: ProcessorContext<string, Contact | null>;
  private synced!: ValueState<Synced>;

  init(context: ProcessorContext<string, Contact | null>): void {
    this.context = context;
    this.synced = context.state(synced);
  }

  process({ key, value: { position, after } }: StreamRecord<string, ChangeEvent>): Awaitable<void> {
    const before = this.synced.value() ?? { position: -1, contact: null };
    if (position <= before.position) return;
    const contact = after === null ? null : { name: after.name, email: after.email };
    this.synced.update({ position, contact });
    if (contact?.name === before.contact?.name && contact?.email === before.contact?.email) return;
    return this.context.forward(key, contact);
  }
}

/** Keeps `contacts` in step with a database's change log: no change twice, none out of order, and only those that can be seen. */
export default function changeSync(builder: StreamsBuilder): void {
  builder
    .stream('crm-changes', { key: serdes.string, value: serdes.json<ChangeEvent>() })
    .processValues(() => new Sync(), { name: 'sync', states: [synced] })
    .to('contacts', { value: serdes.json<Contact>() });
}
