import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { Socket } from 'node:net';
import { resolve } from 'node:path';
import { sharedBrokers } from '../support/shared-broker';
import { ConnectedClusters } from './connected-cluster';

const load = createRequire(__filename);

interface Queue {
  pending: unknown[];
  throttledUntil: number;
  throttleCheckTimeoutId: NodeJS.Timeout | null;
  scheduleCheckPendingRequests(): void;
  checkPendingRequests(): void;
}

function requestQueue(): Queue {
  const RequestQueue = load('kafkajs/src/network/requestQueue') as new (options: object) => Queue;
  const logger = { debug: () => undefined };
  return new RequestQueue({ maxInFlightRequests: null, requestTimeout: 1_000, clientId: '', broker: '', logger });
}

describe('kafkajs', () => {
  it('is pinned to the version that this layer is written for', () => {
    const manifest = JSON.parse(readFileSync(resolve(__dirname, '../../package.json'), 'utf8')) as {
      dependencies: Record<string, string>;
    };
    expect(manifest.dependencies['kafkajs']).toBe('2.2.4');
  });

  it('of another version, or missing, is refused with what to install', () => {
    for (const found of ['3.0.0', undefined]) {
      jest.isolateModules(() => {
        jest.doMock('kafkajs/package.json', () => ({ version: found }));
        expect(() => load('../../src/kafka/kafkajs-internals.ts') as unknown).toThrow(
          `Millrace needs kafkajs 2.2.4 exactly, and found ${found ?? 'none'}. ` +
            'Install it with: npm install --save-exact kafkajs@2.2.4',
        );
        jest.dontMock('kafkajs/package.json');
      });
    }
  });

  it('with other contents is refused too', () => {
    jest.isolateModules(() => {
      jest.doMock('kafkajs/src/network/connection', () => class {});
      expect(() => load('../../src/kafka/kafkajs-internals.ts') as unknown).toThrow(/2\.2\.4 with other contents/);
      jest.dontMock('kafkajs/src/network/connection');
    });
  });

  it('keeps no timer alive on a connection with nothing to do', () => {
    load('../../src/kafka/kafkajs-internals.ts');
    const queue = requestQueue();
    queue.scheduleCheckPendingRequests();
    expect(queue.throttleCheckTimeoutId).toBeNull();
  });

  it('looks at waiting requests when the throttling by the broker is over', () => {
    jest.useFakeTimers();
    try {
      const queue = requestQueue();
      queue.pending.push({});
      queue.throttledUntil = Date.now() + 70;
      const check = jest.spyOn(queue, 'checkPendingRequests').mockImplementation(() => undefined);
      queue.scheduleCheckPendingRequests();
      jest.advanceTimersByTime(69);
      expect(check).not.toHaveBeenCalled();
      jest.advanceTimersByTime(2);
      expect(check).toHaveBeenCalledTimes(1);
    } finally {
      jest.useRealTimers();
    }
  });

  it('leaves nothing open after a client was closed', async () => {
    const clusters = new ConnectedClusters();
    const brokers = await sharedBrokers();
    const opened: Socket[] = [];
    const connect = Socket.prototype.connect;
    const watched = jest.spyOn(Socket.prototype, 'connect').mockImplementation(function (this: Socket, ...options) {
      opened.push(this);
      return connect.apply(this, options);
    });
    try {
      const cluster = await clusters.connect({ brokers });
      await cluster.currentPartitionCounts([]);
      await clusters.close();
    } finally {
      watched.mockRestore();
    }
    expect(opened.length).toBeGreaterThan(0);
    expect(opened.every(({ destroyed }) => destroyed)).toBe(true);
  });
});
