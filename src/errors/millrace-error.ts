/** Where in Kafka or in the topology something happened. Every field that is known is set. */
export interface ErrorLocation {
  readonly topic?: string | undefined;
  readonly partition?: number | undefined;
  readonly offset?: bigint | number | undefined;
  /** The name of the topology node. */
  readonly node?: string | undefined;
  readonly task?: string | undefined;
  readonly store?: string | undefined;
}

/**
 * The base of every error that Millrace throws on purpose.
 *
 * `message` says what happened, where, and what to do; `code` is stable across versions and safe to match on.
 */
export abstract class MillraceError extends Error {
  /** Stable, in capitals, for example `SOURCE_TOPIC_MISSING`. */
  abstract readonly code: string;
  readonly location: ErrorLocation;

  constructor(message: string, options: { cause?: unknown; location?: ErrorLocation } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = new.target.name;
    this.location = options.location ?? {};
  }
}

/** Renders a location for a message: `topic 'a', partition 1, offset 42, node 'count-1'`. */
export function describeLocation(location: ErrorLocation): string {
  const parts: string[] = [];
  if (location.task !== undefined) parts.push(`task ${location.task}`);
  if (location.node !== undefined) parts.push(`node '${location.node}'`);
  if (location.store !== undefined) parts.push(`store '${location.store}'`);
  if (location.topic !== undefined) parts.push(`topic '${location.topic}'`);
  if (location.partition !== undefined) parts.push(`partition ${location.partition}`);
  if (location.offset !== undefined) parts.push(`offset ${location.offset}`);
  return parts.join(', ');
}
