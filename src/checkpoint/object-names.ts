/* What lies where in a snapshot store:

     <application id>/files/<number>/<task>-<random>      content of a file, written for checkpoint <number>
     <application id>/checkpoints/<id>.json               metadata of a complete checkpoint
     <application id>/savepoints/<id>.json                metadata of a complete savepoint
     <application id>/failures.json                       the last checkpoints that failed, for people
     <application id>/restoring.json                      while the application is being rewound
*/

/** Content of a file that is written for checkpoint `number`; later checkpoints may share it. */
export function fileObject(applicationId: string, number: number, task: string, random: string): string {
  return `${applicationId}/files/${number}/${task}-${random}`;
}

export function filesPrefix(applicationId: string): string {
  return `${applicationId}/files/`;
}

/** The number of the checkpoint that a file was written for; undefined when this is no name of a file. */
export function numberOfFile(applicationId: string, object: string): number | undefined {
  const prefix = filesPrefix(applicationId);
  const found = object.startsWith(prefix) ? /^(\d+)\//.exec(object.slice(prefix.length)) : null;
  return found === null ? undefined : Number(found[1]);
}

export function metadataObject(applicationId: string, kind: 'checkpoint' | 'savepoint', id: string): string {
  return `${metadataPrefix(applicationId, kind)}${id}.json`;
}

export function metadataPrefix(applicationId: string, kind: 'checkpoint' | 'savepoint'): string {
  return `${applicationId}/${kind}s/`;
}

export function failuresObject(applicationId: string): string {
  return `${applicationId}/failures.json`;
}

export function restoringObject(applicationId: string): string {
  return `${applicationId}/restoring.json`;
}
