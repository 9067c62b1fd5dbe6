import { createRequire } from 'node:module';
import type { Socket } from 'node:net';
import { KafkajsMismatchError } from './errors';

/*
 * All that Millrace takes from kafkajs, which is frozen upstream and pinned: its connection to one broker with TLS, SASL and
 * request/response matching. None of it is public, so version and shape are checked when this file is loaded.
 */

const EXPECTED_VERSION = '2.2.4';

export interface KafkajsLogger {
  namespace(name: string): KafkajsLogger;
  debug(message: string, extra?: object): void;
  info(message: string, extra?: object): void;
  warn(message: string, extra?: object): void;
  error(message: string, extra?: object): void;
}

export type SocketFactory = (options: { host: string; port: number; onConnect: () => void }) => Socket;

export interface KafkajsConnectionOptions {
  readonly host: string;
  readonly port: number;
  readonly logger: KafkajsLogger;
  readonly socketFactory: SocketFactory;
  readonly requestTimeout: number;
  readonly connectionTimeout: number;
  readonly clientId: string;
  readonly sasl: object | null;
}

interface PushedRequest {
  readonly entry: {
    readonly apiKey: number;
    readonly apiName: string;
    readonly apiVersion: number;
    readonly correlationId: number;
    resolve(response: { payload: Buffer }): void;
    reject(error: Error): void;
  };
  readonly expectResponse: boolean;
  readonly requestTimeout: number;
  sendRequest(): void;
}

interface KafkajsRequestQueue {
  readonly pending: readonly unknown[];
  /** In milliseconds, for requests that come without one. */
  requestTimeout: number;
  readonly throttledUntil: number;
  throttleCheckTimeoutId: NodeJS.Timeout | null;
  push(request: PushedRequest): void;
  maybeThrottle(milliseconds: number): void;
  checkPendingRequests(): void;
}

export interface KafkajsConnection {
  readonly socket: Socket | undefined;
  readonly requestQueue: KafkajsRequestQueue;
  connect(): Promise<unknown>;
  disconnect(): Promise<unknown>;
  isConnected(): boolean;
  isAuthenticated(): boolean;
  authenticate(): Promise<void>;
  setVersions(versions: object): void;
  setSupportAuthenticationProtocol(supported: boolean): void;
  nextCorrelationId(): number;
  rejectRequests(error: Error): void;
}

const load = createRequire(__filename);

function loadModule(path: string): unknown {
  try {
    return load(`kafkajs/${path}`);
  } catch {
    return undefined;
  }
}

function hasMethods(module: unknown, names: readonly string[]): module is { prototype: Record<string, unknown> } {
  if (typeof module !== 'function') return false;
  const prototype = module.prototype as Record<string, unknown>;
  return names.every((name) => typeof prototype[name] === 'function');
}

const version = (loadModule('package.json') as { version?: string } | undefined)?.version ?? 'none';
const connectionModule = loadModule('src/network/connection');
const requestQueueModule = loadModule('src/network/requestQueue');

const connectionMethods = [
  ...['connect', 'disconnect', 'isConnected', 'isAuthenticated', 'authenticate', 'setVersions', 'rejectRequests'],
  ...['setSupportAuthenticationProtocol', 'nextCorrelationId'],
];
const requestQueueMethods = ['push', 'maybeThrottle', 'checkPendingRequests', 'scheduleCheckPendingRequests'];

if (version !== EXPECTED_VERSION) throw new KafkajsMismatchError(EXPECTED_VERSION, version);
if (!hasMethods(connectionModule, connectionMethods) || !hasMethods(requestQueueModule, requestQueueMethods)) {
  throw new KafkajsMismatchError(EXPECTED_VERSION, `${version} with other contents`);
}

/**
 * The original keeps a timer of 1 ms alive on every connection, busy or not. A check is due only when something waits,
 * and only because of throttling: a request that waits for another is looked at when that one is answered.
 */
requestQueueModule.prototype['scheduleCheckPendingRequests'] = function (this: KafkajsRequestQueue): void {
  if (this.pending.length === 0 || this.throttleCheckTimeoutId !== null) return;
  const delay = Math.max(1, this.throttledUntil - Date.now());
  this.throttleCheckTimeoutId = setTimeout(() => {
    this.throttleCheckTimeoutId = null;
    this.checkPendingRequests();
  }, delay);
};

/** kafkajs's connection to one broker. */
export const KafkajsConnection = connectionModule as unknown as new (
  options: KafkajsConnectionOptions,
) => KafkajsConnection;
