import { spawn } from 'node:child_process';

/** Given up once the guarded thing is gone, so that the guard leaves it alone. */
export type ReleaseGuard = () => void;

/**
 * Makes sure that a child does not outlive this process, also when this process is killed with SIGKILL.
 *
 * A shell of about one megabyte waits on a pipe from this process. If the pipe closes without a word, this process is
 * gone: the shell kills the child's process group and removes its folder. The child must have been started `detached`,
 * so that it leads a group of its own.
 */
export function guardProcessGroup(pid: number, folder?: string): ReleaseGuard {
  return guard(
    `kill -KILL "-$1" 2>/dev/null
     for attempt in 1 2 3 4 5; do [ -z "$2" ] || rm -rf -- "$2" 2>/dev/null && exit; sleep 0.2; done`,
    String(pid),
    folder ?? '',
  );
}

/** The same for a container, which need not exist yet: it is removed with its volumes when this process dies. Needs the `docker` command. */
export function guardContainer(name: string): ReleaseGuard {
  return guard('docker rm -f -v "$1" >/dev/null 2>&1', name);
}

function guard(whenOrphaned: string, ...parameters: string[]): ReleaseGuard {
  // Ctrl-C reaches every process of the terminal's group: the guard must be in another one, and live on.
  const shell = spawn('/bin/sh', ['-c', `read -r word && exit 0; ${whenOrphaned}`, 'orphan-guard', ...parameters], {
    stdio: ['pipe', 'ignore', 'ignore'],
    detached: true,
  });
  shell.unref();
  shell.stdin.on('error', () => undefined);
  (shell.stdin as unknown as { unref(): void }).unref();
  return () => {
    shell.stdin.end('released\n');
  };
}
