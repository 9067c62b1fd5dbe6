import { type Proxy, Toxiproxy } from 'toxiproxy-node-client';
import { ChildServer } from './child-server';
import { freePort } from './free-port';

/** A proxy between a client and a server of this machine whose network can be made to fail. */
export class FaultyNetwork {
  private constructor(
    private readonly server: ChildServer,
    private readonly proxy: Proxy,
    /** Where to connect instead of to the server. */
    readonly port: number,
  ) {}

  static async before(serverPort: number, command: string): Promise<FaultyNetwork> {
    const controlPort = await freePort();
    const server = await ChildServer.start(command, ['-host', '127.0.0.1', '-port', `${controlPort}`], controlPort);
    const port = await freePort();
    const toxiproxy = new Toxiproxy(`http://127.0.0.1:${controlPort}`);
    const proxy = await toxiproxy.createProxy({
      name: 'server',
      listen: `127.0.0.1:${port}`,
      upstream: `127.0.0.1:${serverPort}`,
      enabled: true,
    });
    return new FaultyNetwork(server, proxy, port);
  }

  /** Ends every connection after this many bytes of what the client sends (`upstream`) or gets (`downstream`). */
  async cutAfter(bytes: number, stream: 'upstream' | 'downstream'): Promise<void> {
    await this.proxy.addToxic({ name: 'cut', type: 'limit_data', stream, toxicity: 1, attributes: { bytes } });
  }

  /** Connections stay open, but nothing comes through any more. */
  async stall(stream: 'upstream' | 'downstream'): Promise<void> {
    await this.proxy.addToxic({ name: 'stall', type: 'timeout', stream, toxicity: 1, attributes: { timeout: 0 } });
  }

  /** Nothing listens any more. */
  async disconnect(): Promise<void> {
    const { listen, upstream } = this.proxy;
    await this.proxy.update({ enabled: false, listen, upstream });
  }

  /** What the client gets comes late. */
  async delay(milliseconds: number): Promise<void> {
    const attributes = { latency: milliseconds, jitter: 0 };
    await this.proxy.addToxic({ name: 'delay', type: 'latency', stream: 'downstream', toxicity: 1, attributes });
  }

  /** So much comes through in a second. */
  async slow(kilobytesPerSecond: number, stream: 'upstream' | 'downstream'): Promise<void> {
    const attributes = { rate: kilobytesPerSecond };
    await this.proxy.addToxic({ name: `slow ${stream}`, type: 'bandwidth', stream, toxicity: 1, attributes });
  }

  /** As before the first fault. */
  async heal(): Promise<void> {
    await this.proxy.getToxiproxy().reset();
  }

  async stop(): Promise<void> {
    await this.server.stop();
  }
}
