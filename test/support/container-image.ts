import type { ContainerRuntimeClient } from 'testcontainers';

// A machine that cannot reach the registry must not wait for long; one that loads slowly shows progress all the time.
const SILENCE_TIMEOUT_MS = 20_000;

/** Pulls an image unless the engine has it. Returns why it cannot be had, or undefined when it is there. */
export async function pullUnlessPresent(
  engine: ContainerRuntimeClient,
  image: string,
  log: (line: string) => void,
): Promise<string | undefined> {
  const docker = engine.container.dockerode;
  try {
    await docker.getImage(image).inspect();
    return undefined;
  } catch {
    log(`pulling ${image} (once)`);
  }
  try {
    await pull(docker, image);
    return undefined;
  } catch (error) {
    return `the Docker engine has no image '${image}' and cannot pull it: ${(error as Error).message.trim()}`;
  }
}

async function pull(docker: ContainerRuntimeClient['container']['dockerode'], image: string): Promise<void> {
  const silence = new SilenceTimer(SILENCE_TIMEOUT_MS);
  try {
    const loaded = docker.pull(image).then(
      (stream) =>
        new Promise<void>((resolve, reject) => {
          docker.modem.followProgress(
            stream,
            (error) => (error ? reject(error) : resolve()),
            () => silence.restart(),
          );
        }),
    );
    await Promise.race([loaded, silence.elapsed]);
  } finally {
    silence.stop();
  }
}

/** Rejects when nothing was heard for a time. */
class SilenceTimer {
  readonly elapsed: Promise<never>;
  private readonly timer: NodeJS.Timeout;

  constructor(milliseconds: number) {
    let elapse: (error: Error) => void;
    this.elapsed = new Promise<never>((_, reject) => (elapse = reject));
    this.timer = setTimeout(() => elapse(new Error(`no progress for ${milliseconds / 1000} s`)), milliseconds);
  }

  restart(): void {
    this.timer.refresh();
  }

  stop(): void {
    clearTimeout(this.timer);
  }
}
