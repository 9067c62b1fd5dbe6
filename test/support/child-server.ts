import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { connect } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { guardProcessGroup, type ReleaseGuard } from './orphan-guard';

const READY_TIMEOUT_MS = 20_000;
const ASK_AGAIN_MS = 20;

/** A server in a process of its own, on a port of this machine. It ends with its starter, however that ends. */
export class ChildServer {
  private constructor(
    readonly port: number,
    private readonly child: ChildProcess,
    private readonly releaseGuard: ReleaseGuard,
  ) {}

  /** Starts it, and waits until it accepts connections. */
  static async start(
    command: string,
    parameters: readonly string[],
    port: number,
    env: Readonly<Record<string, string>> = {},
  ): Promise<ChildServer> {
    const child = spawn(command, [...parameters], {
      env: { ...process.env, ...env },
      stdio: ['ignore', 'ignore', 'pipe'],
      detached: true,
    });
    let said = '';
    child.stderr.setEncoding('utf8').on('data', (text: string) => (said = `${said}${text}`.slice(-2_000)));
    await once(child, 'spawn');
    const server = new ChildServer(port, child, guardProcessGroup(child.pid as number));
    for (const deadline = performance.now() + READY_TIMEOUT_MS; !(await answers(port));) {
      if (child.exitCode !== null || performance.now() > deadline) {
        await server.stop();
        throw new Error(`${command} did not start: ${said}`);
      }
      await pause(ASK_AGAIN_MS);
    }
    return server;
  }

  async stop(): Promise<void> {
    if (this.child.exitCode === null && this.child.signalCode === null) {
      const ended = once(this.child, 'exit');
      this.child.kill('SIGKILL');
      await ended;
    }
    this.releaseGuard();
  }
}

function answers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}
