import { readFileSync } from 'node:fs';

/** What a process, all its threads included, has used until now. */
export interface ProcessUsage {
  /** User and system time. */
  readonly cpuSeconds: number;
  readonly residentMegabytes: number;
  /** The highest that it ever was. */
  readonly peakResidentMegabytes: number;
}

/** Linux counts CPU time for user programs in hundredths of a second, on every architecture. */
const TICKS_PER_SECOND = 100;
const USER_TICKS_FIELD = 11;
const SYSTEM_TICKS_FIELD = 12;

/** Reads /proc, so from outside and the same for every program. */
export function readUsage(pid: number): ProcessUsage {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  // The second field, the name in parentheses, may contain spaces.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return {
    cpuSeconds: (Number(fields[USER_TICKS_FIELD]) + Number(fields[SYSTEM_TICKS_FIELD])) / TICKS_PER_SECOND,
    residentMegabytes: megabytes(status, 'VmRSS'),
    peakResidentMegabytes: megabytes(status, 'VmHWM'),
  };
}

function megabytes(status: string, field: string): number {
  const kilobytes = new RegExp(`^${field}:\\s+(\\d+) kB$`, 'm').exec(status)?.[1];
  if (kilobytes === undefined) throw new Error(`/proc has no ${field} for a process that has ended`);
  return Number(kilobytes) / 1024;
}
