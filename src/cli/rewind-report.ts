import type { ResetPlan } from '../runtime/reset';
import type { PlannedOffset, RestorePlan } from '../runtime/rewind-plan';
import { readableBytes, readableTime } from './readable-units';
import { textTable } from './text-table';

/** What a restore changed, or would change, for people. */
export function restoreReport(plan: RestorePlan, dryRun: boolean): string {
  const { applicationId, from, offsets, stores, channels, lost } = plan;
  const isFork = applicationId !== from.applicationId;
  const done = dryRun ? 'would be' : 'was';
  const what = isFork
    ? `Application '${applicationId}' ${done} made of '${from.id}' of application '${from.applicationId}'`
    : `Application '${applicationId}' ${done} put back to '${from.id}'`;
  const sections = [`${what}, begun ${readableTime(from.beganAt)} UTC.\n`, offsetTable(offsets)];
  if (stores.length > 0)
    sections.push(
      textTable([
        ['TASK', 'STORE', 'ENTRIES', 'SIZE'],
        ...stores.map(({ task, store, entries, bytes }) => [task, store, `${entries}`, readableBytes(bytes)]),
      ]),
    );
  const onTheirWay = channels.filter(({ records }) => records > 0);
  if (onTheirWay.length > 0)
    sections.push(
      textTable([
        ['REPARTITION TOPIC', 'PARTITION', 'RECORDS ON THEIR WAY'],
        ...onTheirWay.map(({ topic, partition, records }) => [topic, `${partition}`, `${records}`]),
      ]),
    );
  if (lost.length > 0)
    sections.push(`Not restored:\n${lost.map(({ what: part, why }) => `  ${part}: ${why}\n`).join('')}`);
  if (dryRun) sections.push('Nothing was changed.\n');
  return sections.join('\n');
}

/** What a reset changed, or would change, for people. */
export function resetReport(
  { applicationId, offsets, emptied, deleted, groupForgotten, localTasks }: ResetPlan,
  dryRun: boolean,
): string {
  const sections = [
    `Application '${applicationId}' ${dryRun ? 'would be' : 'was'} put back to its beginning.\n`,
    offsetTable(offsets),
  ];
  if (emptied.length > 0) sections.push(`Emptied topics:\n${indented(emptied)}`);
  if (deleted.length > 0)
    sections.push(
      `Deleted topics:\n${indented(deleted)}` +
        'Before it starts, delete its state directory on every other machine: that state would be taken for the new one.\n',
    );
  if (groupForgotten) sections.push(`Deleted offsets of the group '${applicationId}'\n`);
  if (localTasks.length > 0) sections.push(`Deleted state on this machine, of tasks: ${localTasks.join(', ')}\n`);
  if (dryRun) sections.push('Nothing was changed.\n');
  return sections.join('\n');
}

function offsetTable(offsets: readonly PlannedOffset[]): string {
  const rows = offsets.map(({ task, topic, partition, now, then }) => [
    task,
    topic,
    `${partition}`,
    now === undefined ? '-' : `${now}`,
    then === undefined ? '-' : `${then}`,
  ]);
  return textTable([['TASK', 'TOPIC', 'PARTITION', 'OFFSET BEFORE', 'AFTER'], ...rows]);
}

function indented(lines: readonly string[]): string {
  return lines.map((line) => `  ${line}\n`).join('');
}
