import { timeBetweenFailures, type Availability } from '../checkpoint/availability';
import type { CatalogEntry } from '../checkpoint/catalog-entries';
import { filesOf, fullBytes, sizeOf } from '../checkpoint/checkpoint-files';
import type { ChannelState, CheckpointMetadata, TaskSnapshot } from '../checkpoint/checkpoint-metadata';
import type { FailedCheckpoint } from '../checkpoint/failed-checkpoints';
import type { Deletion } from '../checkpoint/file-deletion';
import type { Verification } from '../checkpoint/verify-checkpoint';
import { readableBytes, readableDuration, readableTime } from './readable-units';
import { textTable } from './text-table';

/** What `list --json` says of a checkpoint. */
export function entryAsJson(entry: CatalogEntry): object {
  const { id, kind, number, status } = entry;
  if (entry.status === 'damaged') return { id, kind, number, status, damage: entry.damage };
  const { trigger, beganAt, completedAt, incrementalBytes, tasks } = entry.metadata;
  return {
    id,
    kind,
    number,
    status,
    trigger,
    beganAt,
    completedAt,
    incrementalBytes,
    ...figures(entry.metadata),
    tasks: tasks.length,
  };
}

/** What `list --json` says of one that failed. */
export function failedAsJson(failed: FailedCheckpoint): object {
  return { ...failed, status: 'failed', durationMs: failed.failedAt - failed.beganAt };
}

/** What `show --json` says: the metadata, and what follows from it. */
export function metadataAsJson(metadata: CheckpointMetadata): object {
  const { availability, completedAt } = metadata;
  if (availability === undefined) return { ...metadata, ...figures(metadata) };
  const betweenMs = timeBetweenFailures(availability, completedAt);
  return {
    ...metadata,
    ...figures(metadata),
    // JSON has no Infinity.
    availability: { ...availability, timeBetweenFailuresMs: betweenMs === Infinity ? null : betweenMs },
  };
}

function figures(metadata: CheckpointMetadata): { durationMs: number; fullBytes: number } {
  return { durationMs: metadata.completedAt - metadata.beganAt, fullBytes: fullBytes(metadata) };
}

/** The table of `list`. */
export function listReport(entries: readonly CatalogEntry[], failed: readonly FailedCheckpoint[] = []): string {
  const header = ['ID', 'NUMBER', 'TRIGGER', 'COMPLETED (UTC)', 'DURATION', 'SIZE', 'WRITTEN', 'TASKS', 'STATUS'];
  const rows = [
    ...entries.map((entry) => ({ number: entry.number ?? 0, row: entryRow(entry) })),
    ...failed.map((each) => ({ number: each.number, row: failedRow(each) })),
  ];
  // Stable, so that those whose number nobody knows stay where they are.
  if (failed.length > 0) rows.sort((a, b) => b.number - a.number);
  return textTable([header, ...rows.map(({ row }) => row)]);
}

function failedRow({ number, trigger, beganAt, failedAt, reason }: FailedCheckpoint): string[] {
  return ['-', String(number), trigger, '', readableDuration(failedAt - beganAt), '', '', '', `failed: ${reason}`];
}

function entryRow(entry: CatalogEntry): string[] {
  const { id, number } = entry;
  if (entry.status === 'damaged')
    return [id, number === undefined ? '?' : String(number), '', '', '', '', '', '', `damaged: ${entry.damage}`];
  const { trigger, completedAt, incrementalBytes, tasks } = entry.metadata;
  const { durationMs, fullBytes: bytes } = figures(entry.metadata);
  return [
    id,
    String(number),
    trigger,
    readableTime(completedAt),
    readableDuration(durationMs),
    readableBytes(bytes),
    readableBytes(incrementalBytes),
    String(tasks.length),
    'complete',
  ];
}

/** The text of `show`. */
export function showReport(metadata: CheckpointMetadata): string {
  const { id, kind, number, trigger, beganAt, completedAt, incrementalBytes, slowestTask, tasks, channels } = metadata;
  const { durationMs, fullBytes: bytes } = figures(metadata);
  const summary = textTable([
    ['id', id],
    ['application', metadata.applicationId],
    ['kind', `${kind}, number ${number}`],
    ['trigger', trigger],
    ['began', `${readableTime(beganAt)} UTC`],
    ['completed', `${readableTime(completedAt)} UTC`],
    ['duration', readableDuration(durationMs)],
    [
      'size',
      `${readableBytes(bytes)} in ${fileCount(filesOf(metadata).length)}, ${readableBytes(incrementalBytes)} written for it`,
    ],
    [
      'slowest task',
      slowestTask === undefined ? '-' : `${slowestTask.task}, ${readableDuration(slowestTask.milliseconds)}`,
    ],
    ...(metadata.availability === undefined ? [] : availabilityRows(metadata.availability, completedAt)),
  ]);
  const taskRows = tasks.flatMap(taskLines);
  const taskTable = textTable([['TASK', 'FILES', 'SIZE', 'INPUT', 'OFFSET', 'CHANGELOG', 'POSITION'], ...taskRows]);
  const channelTable = textTable([['CHANNEL', 'FROM', 'BARRIERS', 'COPIED'], ...channels.map(channelRow)]);
  return [summary, taskTable, ...(channels.length === 0 ? [] : [channelTable])].join('\n');
}

/** Of the application, until the checkpoint was complete. */
function availabilityRows(availability: Availability, at: number): string[][] {
  const { since, failures, replayedRecords, lastRecovery: last } = availability;
  const between = failures === 0 ? '' : `, ${readableDuration(timeBetweenFailures(availability, at))} between them`;
  return [
    ['failures', `${failures} since ${readableTime(since)} UTC${between}`],
    [
      'last recovery',
      last === undefined
        ? '-'
        : `detected in ${readableDuration(last.detectMs)}, restored in ${readableDuration(last.restoreMs)}, caught up in ${readableDuration(last.catchUpMs)}`,
    ],
    ['replayed records', String(replayedRecords)],
  ];
}

/** As many lines as the task has inputs or changelogs. */
function taskLines({ task, files, inputs, changelogPositions }: TaskSnapshot): string[][] {
  const positions = Object.entries(changelogPositions);
  return Array.from({ length: Math.max(1, inputs.length, positions.length) }, (_, line) => {
    const input = inputs[line];
    const [changelog = '', position] = positions[line] ?? [];
    return [
      ...(line === 0 ? [task, String(files.length), readableBytes(sizeOf(files))] : ['', '', '']),
      ...(input === undefined ? ['', ''] : [`${input.topic.name}-${input.partition}`, String(input.offset)]),
      changelog,
      position === undefined ? '' : String(position),
    ];
  });
}

function channelRow({ topic, partition, from, barriers, records }: ChannelState): string[] {
  const copied = records === undefined ? 'no' : readableBytes(records.sizeInBytes);
  return [`${topic.name}-${partition}`, String(from), String(barriers.length), copied];
}

/** What `verify` found. */
export function verifyReport(id: string, { files, bytes, problems }: Verification, deep: boolean): string {
  const size = `${fileCount(files)}, ${readableBytes(bytes)}`;
  if (problems.length > 0) {
    const rows = problems.map(({ object, problem }) => [`  ${object}`, problem]);
    return `${id} is damaged: ${problems.length} of ${size}, cannot be used.\n${textTable(rows)}`;
  }
  return deep
    ? `${id} is sound: ${size}, all as they were written.\n`
    : `${id} is complete: ${size}, all there with their sizes. Their content was not read; --deep does.\n`;
}

/** What `delete` did. */
export function deletionReport({ ids, files, bytes, left }: Deletion): string {
  const deleted = `Deleted ${ids.join(', ')}: ${fileCount(files)}, ${readableBytes(bytes)}.`;
  return left === undefined ? `${deleted}\n` : `${deleted}\nFiles were left in the store: ${left}.\n`;
}

function fileCount(files: number): string {
  return files === 1 ? '1 file' : `${files} files`;
}
