import { once } from 'node:events';
import { createServer } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { silentLogger } from '../../src/logging/logger';
import { createMetrics } from '../../src/metrics/metrics';
import { type HttpServer, startHttpServer } from '../../src/server/http-server';

describe('the HTTP server', () => {
  const { registry, commits } = createMetrics();
  let state = 'RUNNING';
  let server: HttpServer;
  const get = (path: string, method = 'GET') => fetch(`http://127.0.0.1:${server.port}${path}`, { method });

  beforeAll(async () => {
    server = await startHttpServer({
      host: '127.0.0.1',
      port: 0,
      application: { state: () => state, registry },
      logger: silentLogger,
    });
  });
  afterAll(() => server.close());

  it.each([
    ['CREATED', 503],
    ['REBALANCING', 200],
    ['RUNNING', 200],
    ['PENDING_SHUTDOWN', 503],
    ['NOT_RUNNING', 503],
    ['PENDING_ERROR', 503],
    ['ERROR', 503],
  ])('says of the state %s: %i', async (current, status) => {
    state = current;
    const response = await get('/health');
    expect(response.status).toBe(status);
    expect(response.headers.get('content-type')).toBe('application/json');
    expect(await response.json()).toEqual({ state: current });
  });

  it('serves the metrics as Prometheus reads them', async () => {
    commits.inc(3);
    const response = await get('/metrics');
    expect(response.status).toBe(200);
    expect(response.headers.get('content-type')).toContain('text/plain; version=0.0.4');
    expect(await response.text()).toContain('millrace_commits_total 3');
  });

  it('answers a path that it does not have with 404, and another method with 405', async () => {
    expect((await get('/')).status).toBe(404);
    const response = await get('/health', 'POST');
    expect(response.status).toBe(405);
    expect(response.headers.get('allow')).toBe('GET, HEAD');
  });

  it('takes no notice of a query', async () => {
    state = 'RUNNING';
    expect((await get('/health?probe=1')).status).toBe(200);
  });

  it('says what to do when the port is taken', async () => {
    const other = createServer().listen(0, '127.0.0.1');
    await once(other, 'listening');
    const { port } = other.address() as AddressInfo;
    const starting = startHttpServer({
      host: '127.0.0.1',
      port,
      application: { state: () => state, registry },
      logger: silentLogger,
    });
    await expect(starting).rejects.toMatchObject({ code: 'HTTP_SERVER_FAILED', host: '127.0.0.1', port });
    await expect(starting).rejects.toThrow(/EADDRINUSE.*httpPort/);
    other.close();
  });

  it('answers 500 and stays up when a metric cannot be collected', async () => {
    const broken = createMetrics();
    broken.registry.metrics = () => Promise.reject(new Error('broken'));
    const application = { state: () => 'RUNNING', registry: broken.registry };
    const own = await startHttpServer({ host: '127.0.0.1', port: 0, application, logger: silentLogger });
    expect((await fetch(`http://127.0.0.1:${own.port}/metrics`)).status).toBe(500);
    expect((await fetch(`http://127.0.0.1:${own.port}/health`)).status).toBe(200);
    await own.close();
  });

  it('closes although a client keeps its connection open', async () => {
    const own = await startHttpServer({
      host: '127.0.0.1',
      port: 0,
      application: { state: () => state, registry },
      logger: silentLogger,
    });
    const socket = connect(own.port, '127.0.0.1');
    await once(socket, 'connect');
    const gone = once(socket, 'close');
    await own.close();
    await gone;
  });
});
