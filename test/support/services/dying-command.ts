// The command line, which dies before the first change to Kafka, the snapshot store or the state directory that it is not told to
// survive. Parameters: those that it survives, as JSON, then those of `millrace`.
import { writeSync } from 'node:fs';
import { createRequire } from 'node:module';
import { DirectorySnapshotStore } from '../../../src/checkpoint/directory-snapshot-store';
import { BrokerConnection } from '../../../src/kafka/broker-connection';
import { StateDirectory } from '../../../src/state/state-directory';

/** Requests that change something. */
const CHANGES = new Set([
  'CreateTopics',
  'DeleteTopics',
  'DeleteRecords',
  'IncrementalAlterConfigs',
  'Produce',
  'OffsetCommit',
  'OffsetDelete',
]);
const STDOUT = 1;

const [, , survived, ...args] = process.argv;
const survives = new Set(JSON.parse(survived ?? '') as string[]);
const made: string[] = [];

/** Says what it made, and which change it does not live to see, in a line that is out before it is dead. */
function before(name: string): void {
  const change = `${name} ${made.filter((other) => other.startsWith(`${name} `)).length + 1}`;
  if (!survives.has(change)) {
    writeSync(STDOUT, `${JSON.stringify({ event: 'dies_before', change, made })}\n`);
    process.kill(process.pid, 'SIGKILL');
  }
  made.push(change);
}

/** Has `before` called first. */
function watch<A extends unknown[], R>(
  owner: Record<string, (...given: A) => R>,
  method: string,
  nameOf: (...given: A) => string | undefined,
): void {
  const original = owner[method]!;
  owner[method] = function (this: unknown, ...given: A): R {
    const change = nameOf(...given);
    if (change !== undefined) before(change);
    return original.apply(this, given);
  };
}

watch(BrokerConnection.prototype as never, 'send', ({ name }: { readonly name: string }) =>
  CHANGES.has(name) ? name : undefined,
);
watch(DirectorySnapshotStore.prototype as never, 'put', () => 'mark');
watch(DirectorySnapshotStore.prototype as never, 'delete', () => 'unmark');
watch(StateDirectory.prototype as never, 'wipeTask', () => 'wipe');

process.argv = [process.argv[0]!, 'millrace', ...args];
createRequire(__filename)('../../../src/cli/main');
