import { join } from 'node:path';
import { StateDirectoryNameError } from './state-directory-errors';

/* What lies where below the state directory:

     <stateDir>/<application id>/    mode 0700
       instance-id                   a random UUID, made once
       topology.json                 the shape of the topology that wrote the state
       lock/, lock-holder.json       see StateDirectoryLock
       tasks/<task id>/db/           the task's database
       tasks/<task id>/snapshots/<number>/    its files as they were for that checkpoint, until they are uploaded
       tasks/<task id>/incoming/<random>/     files of a checkpoint on their way to become its database, or to be read
       global-tables/<store>/db/     a global table's database
       deleted/                      what was wiped, until it is deleted
*/

export interface StateDirectoryLayout {
  readonly root: string;
  readonly instanceId: string;
  readonly tasks: string;
  readonly globalTables: string;
  readonly deleted: string;
}

export interface TaskDirectoryLayout {
  readonly root: string;
  readonly database: string;
  readonly snapshots: string;
  readonly incoming: string;
}

/** @throws {StateDirectoryNameError} */
export function stateDirectoryLayout(stateDir: string, applicationId: string): StateDirectoryLayout {
  if (!/^[A-Za-z0-9._-]{1,200}$/.test(applicationId) || /^\.+$/.test(applicationId))
    throw new StateDirectoryNameError(
      'application id',
      applicationId,
      'it must be 1 to 200 of the characters a-z, A-Z, 0-9, ".", "_" and "-", not only dots',
    );
  const root = join(stateDir, applicationId);
  return {
    root,
    instanceId: join(root, 'instance-id'),
    tasks: join(root, 'tasks'),
    globalTables: join(root, 'global-tables'),
    deleted: join(root, 'deleted'),
  };
}

export function isTaskId(name: string): boolean {
  return /^\d{1,9}_\d{1,9}$/.test(name);
}

/** @throws {StateDirectoryNameError} */
export function taskDirectoryLayout(layout: StateDirectoryLayout, taskId: string): TaskDirectoryLayout {
  if (!isTaskId(taskId))
    throw new StateDirectoryNameError('task id', taskId, 'it must be <subtopology>_<partition>, as 0_3');
  const root = join(layout.tasks, taskId);
  return { root, database: join(root, 'db'), snapshots: join(root, 'snapshots'), incoming: join(root, 'incoming') };
}
