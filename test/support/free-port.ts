import { createServer } from 'node:net';

// Below the ephemeral ranges of Linux (32768) and macOS (49152). A client that keeps connecting to a broker that is down
// would otherwise sooner or later be given that very port as its own, connect to itself, and keep the broker from coming back.
const LOWEST = 15_000;
const HIGHEST = 32_000;

/** A TCP port on 127.0.0.1 that nothing listens on, and that stays free of outgoing connections. */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = LOWEST + Math.floor(Math.random() * (HIGHEST - LOWEST));
    if (await canListen('127.0.0.1', port)) return port;
  }
}

/** Whether the address is one of this machine's own, and the port free. Port 0 asks for the address alone. */
export function canListen(host: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen({ port, host, exclusive: true }, () => server.close(() => resolve(true)));
  });
}
