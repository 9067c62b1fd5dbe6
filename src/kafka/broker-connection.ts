import { isIP, connect as connectTcp, type Socket } from 'node:net';
import { connect as connectTls, type ConnectionOptions as TlsOptions } from 'node:tls';
import { DEFAULT_CONNECTION_TIMEOUT_MS, DEFAULT_REQUEST_TIMEOUT_MS, type ClientOptions } from './client-options';
import { BrokerConnectionError, BrokerSecurityError, BrokerTooOldError } from './errors';
import { KafkajsConnection, type SocketFactory } from './kafkajs-internals';
import { kafkajsLogger } from './kafkajs-logger';
import { encodeFrame, type ApiRequest } from './protocol/api-request';
import { apiVersionsRequest, type VersionRange } from './protocol/api-versions';
import { WireReader } from './protocol/wire-reader';

const SASL_AUTHENTICATE = 36;
const KEEP_ALIVE_MS = 60_000;
/** kafkajs waits at least so long for any answer. The real time-out comes with each request. */
const SHORTEST_TIMEOUT_MS = 100;

interface OpenConnection {
  readonly connection: KafkajsConnection;
  readonly versions: Record<number, VersionRange>;
}

/**
 * A connection to one broker. It opens with the first request and again with the first one after it broke. The broker works
 * on one request of a connection at a time, in order, so whatever may be answered late needs a connection of its own.
 */
export class BrokerConnection {
  private open: OpenConnection | undefined;
  private opening: Promise<OpenConnection> | undefined;
  private readonly live = new Set<KafkajsConnection>();
  private closed = false;
  private readonly address: string;
  private readonly connectionTimeoutMs: number;
  private readonly requestTimeoutMs: number;

  constructor(
    private readonly options: ClientOptions,
    private readonly host: string,
    private readonly port: number,
  ) {
    this.address = `${host}:${port}`;
    this.connectionTimeoutMs = options.connectionTimeoutMs ?? DEFAULT_CONNECTION_TIMEOUT_MS;
    this.requestTimeoutMs = options.requestTimeoutMs ?? DEFAULT_REQUEST_TIMEOUT_MS;
  }

  /**
   * Sends a request and resolves to its decoded answer.
   *
   * @throws {@link BrokerConnectionError} when the connection cannot be made, breaks, or `timeoutMs` passes.
   */
  async send<T>(request: ApiRequest<T>, timeoutMs = this.requestTimeoutMs): Promise<T> {
    const { connection, versions } = await this.connected();
    if (this.options.sasl !== undefined && !connection.isAuthenticated()) await this.authenticate(connection);
    const range = versions[request.apiKey];
    if (range === undefined || range.minVersion > request.apiVersion || range.maxVersion < request.apiVersion) {
      throw new BrokerTooOldError(this.address, request.name, request.apiVersion);
    }
    return this.exchange(connection, request, timeoutMs);
  }

  /** Fails what is under way, and closes the socket at once. */
  close(): void {
    this.closed = true;
    for (const connection of this.live) this.discard(connection, new Error('closed by this client'));
  }

  private async connected(): Promise<OpenConnection> {
    if (this.closed) throw new BrokerConnectionError(this.address, false, 'closed by this client');
    if (this.open?.connection.isConnected() === true) return this.open;
    this.open = undefined;
    this.opening ??= this.connect().finally(() => {
      this.opening = undefined;
    });
    return this.opening;
  }

  private async connect(): Promise<OpenConnection> {
    const connection = new KafkajsConnection({
      host: this.host,
      port: this.port,
      logger: kafkajsLogger(this.options.logger),
      socketFactory: socketFactory(this.options.ssl),
      requestTimeout: SHORTEST_TIMEOUT_MS,
      connectionTimeout: this.connectionTimeoutMs,
      clientId: this.options.clientId,
      // kafkajs keeps its authenticator in this object, so every connection gets a copy.
      sasl: this.options.sasl === undefined ? null : { ...this.options.sasl },
    });
    this.live.add(connection);
    try {
      await connection.connect();
    } catch (error) {
      this.live.delete(connection);
      throw this.connectFailure(error);
    }
    const { apis } = await this.exchange(connection, apiVersionsRequest(), this.connectionTimeoutMs);
    connection.setVersions(apis);
    connection.setSupportAuthenticationProtocol(SASL_AUTHENTICATE in apis);
    if (this.options.sasl !== undefined) await this.authenticate(connection);
    this.open = { connection, versions: apis };
    return this.open;
  }

  private connectFailure(error: unknown): Error {
    const code = (error as { code?: unknown }).code;
    const reason = error instanceof Error ? error.message : String(error);
    if (this.options.ssl !== undefined && this.options.ssl !== false && typeof code === 'string' && isTlsCode(code)) {
      return new BrokerSecurityError(this.address, reason, error);
    }
    return new BrokerConnectionError(this.address, false, reason, error);
  }

  private async authenticate(connection: KafkajsConnection): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    const timeout = new Promise<never>((_, reject) => {
      timer = setTimeout(() => {
        reject(new BrokerConnectionError(this.address, false, 'the SASL handshake was not answered in time'));
      }, this.connectionTimeoutMs);
    });
    try {
      // kafkajs sends the requests of the handshake itself, with the time-out that the connection has then.
      connection.requestQueue.requestTimeout = this.connectionTimeoutMs;
      await Promise.race([connection.authenticate(), timeout]);
    } catch (error) {
      this.discard(connection, error instanceof Error ? error : new Error(String(error)));
      if (error instanceof BrokerConnectionError) throw error;
      const reason = error instanceof Error ? error.message : String(error);
      if (isRefusal(error)) throw new BrokerSecurityError(this.address, reason, error);
      throw new BrokerConnectionError(this.address, false, reason, error);
    } finally {
      connection.requestQueue.requestTimeout = SHORTEST_TIMEOUT_MS;
      clearTimeout(timer);
    }
  }

  private exchange<T>(connection: KafkajsConnection, request: ApiRequest<T>, timeoutMs: number): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      let sent = false;
      const fail = (error: Error): void => {
        this.forget(connection);
        // An answer that comes after its time-out must not meet a later request, so the connection goes with it: but after
        // kafkajs is done with the rejections that it may be in the middle of.
        queueMicrotask(() => this.discard(connection, error));
        reject(new BrokerConnectionError(this.address, sent, error.message, error));
      };
      const settle = ({ payload }: { payload: Buffer }): void => {
        try {
          const reader = new WireReader(payload);
          if (request.flexible === true) reader.skipTags();
          const response = request.decode(reader);
          connection.requestQueue.maybeThrottle(reader.throttleTimeMs);
          resolve(response);
        } catch (error) {
          fail(error instanceof Error ? error : new Error(String(error)));
        }
      };
      const { socket } = connection;
      if (socket === undefined || !connection.isConnected()) {
        fail(new Error('not connected'));
        return;
      }
      const correlationId = connection.nextCorrelationId();
      const frame = encodeFrame(request, correlationId, this.options.clientId);
      connection.requestQueue.push({
        entry: {
          apiKey: request.apiKey,
          apiName: request.name,
          apiVersion: request.apiVersion,
          correlationId,
          resolve: settle,
          reject: fail,
        },
        expectResponse: true,
        requestTimeout: timeoutMs,
        sendRequest: () => {
          sent = true;
          socket.cork();
          for (const chunk of frame) socket.write(chunk);
          socket.uncork();
        },
      });
    });
  }

  private forget(connection: KafkajsConnection): void {
    if (this.open?.connection === connection) this.open = undefined;
  }

  private discard(connection: KafkajsConnection, reason: Error): void {
    this.forget(connection);
    if (!this.live.delete(connection)) return;
    connection.rejectRequests(reason);
    // With an error, because only that settles a connect that is under way.
    connection.socket?.destroy(reason);
    void connection.disconnect();
  }
}

/** The broker said no, rather than being unable to answer: kafkajs keeps only the message of what happened. */
function isRefusal(error: unknown): boolean {
  const { name, type, message } = error as { name?: unknown; type?: unknown; message: string };
  if (/timed out|not connected|connection (closed|error|timeout)|closed connection/i.test(message)) return false;
  return (
    name === 'KafkaJSSASLAuthenticationError' || type === 'UNSUPPORTED_SASL_MECHANISM' || type === 'ILLEGAL_SASL_STATE'
  );
}

function isTlsCode(code: string): boolean {
  return /^(ERR_TLS_|ERR_SSL_|CERT_|DEPTH_ZERO_|SELF_SIGNED_|UNABLE_TO_|EPROTO)/.test(code);
}

function socketFactory(ssl: boolean | TlsOptions | undefined): SocketFactory {
  return ({ host, port, onConnect }): Socket => {
    const socket =
      ssl === undefined || ssl === false
        ? connectTcp({ host, port }, onConnect)
        : connectTls(
            { host, port, ...(isIP(host) === 0 ? { servername: host } : {}), ...(ssl === true ? {} : ssl) },
            onConnect,
          );
    // A commit is a handful of small requests one after the other: none may wait for another's acknowledgement.
    socket.setNoDelay(true);
    socket.setKeepAlive(true, KEEP_ALIVE_MS);
    return socket;
  };
}
