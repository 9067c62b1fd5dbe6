import type { BrokerConnection } from './broker-connection';

/**
 * One connection to each broker, for one purpose: a long poll, a join or a big produce request in one set does not hold up
 * the requests of another.
 */
export class ConnectionSet {
  private readonly connections = new Map<string, BrokerConnection>();
  private wasClosed = false;

  constructor(private readonly open: (host: string, port: number) => BrokerConnection) {}

  get closed(): boolean {
    return this.wasClosed;
  }

  to(host: string, port: number): BrokerConnection {
    const address = `${host}:${port}`;
    let connection = this.connections.get(address);
    if (connection === undefined) {
      connection = this.open(host, port);
      if (this.wasClosed) connection.close();
      else this.connections.set(address, connection);
    }
    return connection;
  }

  close(): void {
    this.wasClosed = true;
    for (const connection of this.connections.values()) connection.close();
    this.connections.clear();
  }
}
