import { createServer, type RequestListener, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Registry } from 'prom-client';
import type { Logger } from '../logging/logger';
import { HttpServerError } from './http-server-error';

/** What the server shows of an application. */
export interface ServedApplication {
  /** Kafka Streams' states, for example `RUNNING`. */
  state(): string;
  readonly registry: Registry;
}

export interface HttpServerOptions {
  readonly host: string;
  /** 0 takes any free port. */
  readonly port: number;
  readonly application: ServedApplication;
  readonly logger: Logger;
}

export interface HttpServer {
  readonly port: number;
  close(): Promise<void>;
}

const HEALTHY_STATES = ['RUNNING', 'REBALANCING'];

/**
 * Serves `GET /health` (200 while the application runs or rebalances, else 503; the state as JSON) and `GET /metrics` (for
 * Prometheus).
 *
 * @throws HttpServerError when it cannot listen.
 */
export async function startHttpServer({ host, port, application, logger }: HttpServerOptions): Promise<HttpServer> {
  const server = createServer(answer(application, logger));
  await new Promise<void>((resolve, reject) => {
    server.once('error', (cause: NodeJS.ErrnoException) => reject(new HttpServerError(host, port, cause)));
    server.listen(port, host, resolve);
  });
  const bound = (server.address() as AddressInfo).port;
  logger.info(
    { event: 'http_server_started', host, port: bound },
    `serving /health and /metrics on http://${host}:${bound}`,
  );
  return {
    port: bound,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        // A scraper keeps its connection open; a shutdown does not wait for it.
        server.closeAllConnections();
      }),
  };
}

function answer(application: ServedApplication, logger: Logger): RequestListener {
  return (request, response) => {
    const path = request.url?.split('?', 1)[0];
    if (request.method !== 'GET' && request.method !== 'HEAD') {
      response.setHeader('Allow', 'GET, HEAD');
      sendJson(response, 405, { error: 'only GET and HEAD are answered' });
    } else if (path === '/health') {
      const state = application.state();
      sendJson(response, HEALTHY_STATES.includes(state) ? 200 : 503, { state });
    } else if (path === '/metrics') {
      sendMetrics(response, application.registry).catch((error: unknown) => {
        logger.error({ event: 'metrics_failed', err: error }, 'the metrics could not be collected');
        sendJson(response, 500, { error: 'the metrics could not be collected; the log says why' });
      });
    } else {
      sendJson(response, 404, { error: 'not found; there are /health and /metrics' });
    }
  };
}

async function sendMetrics(response: ServerResponse, registry: Registry): Promise<void> {
  const body = await registry.metrics();
  response.writeHead(200, { 'Content-Type': registry.contentType }).end(body);
}

function sendJson(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, { 'Content-Type': 'application/json' }).end(`${JSON.stringify(body)}\n`);
}
