import { createServer, type IncomingMessage, request, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** Answers in the server's place, or returns false and lets the request through. */
export type HttpFault = (asked: IncomingMessage, answer: ServerResponse) => boolean;

/** Between a client and an HTTP server: hands requests on, but for those that a test has answered by a fault. */
export class HttpFaults {
  /** Of every request that came, such as `PUT /bucket/key`. */
  readonly requests: string[] = [];
  private fault: HttpFault = () => false;

  private constructor(private readonly server: Server) {}

  static async before(serverPort: number): Promise<HttpFaults> {
    const server = createServer((asked, answer) => {
      faults.requests.push(`${asked.method} ${asked.url}`);
      if (faults.fault(asked, answer)) return void asked.resume();
      const { method, url, headers } = asked;
      const passedOn = request({ host: '127.0.0.1', port: serverPort, method, path: url, headers }, (answered) => {
        answer.writeHead(answered.statusCode ?? 502, answered.headers);
        answered.pipe(answer);
      });
      passedOn.on('error', () => answer.destroy());
      asked.pipe(passedOn);
    });
    const faults = new HttpFaults(server);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return faults;
  }

  get endpoint(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  /** Replaces the fault before. */
  set(fault: HttpFault): void {
    this.fault = fault;
  }

  heal(): void {
    this.requests.length = 0;
    this.fault = () => false;
  }

  stop(): void {
    this.server.close();
    this.server.closeAllConnections();
  }
}

/** The next `times` requests that `matches` are answered with this status, in S3's form. */
export function failing(times: number, status: number, matches: (asked: IncomingMessage) => boolean): HttpFault {
  let left = times;
  return (asked, answer) => {
    if (left === 0 || !matches(asked)) return false;
    left--;
    const code = status === 503 ? 'SlowDown' : 'InternalError';
    answer.writeHead(status, { 'content-type': 'application/xml' });
    answer.end(`<?xml version="1.0"?><Error><Code>${code}</Code><Message>not now</Message></Error>`);
    return true;
  };
}
