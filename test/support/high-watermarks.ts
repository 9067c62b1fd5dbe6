import { connect } from 'node:net';
import type { Admin } from 'kafkajs';

const LIST_OFFSETS = 2;
const API_VERSION = 2;
const LATEST = -1n;
const READ_UNCOMMITTED = 0;

/**
 * The high watermark of every partition of a topic: the offset after the last record written, in open transactions too.
 *
 * kafkajs's own `fetchTopicOffsets` asks for the last stable offset, which stays behind while a transaction is open and
 * for a moment after it was committed: whoever reads up to there misses records. So the request is made by hand here, over
 * a plain connection to each leader.
 */
export async function highWatermarks(admin: Admin, topic: string): Promise<Map<number, number>> {
  const [cluster, metadata] = await Promise.all([
    admin.describeCluster(),
    admin.fetchTopicMetadata({ topics: [topic] }),
  ]);
  const partitions = metadata.topics[0]?.partitions ?? [];
  const watermarks = new Map<number, number>();
  for (const { nodeId, host, port } of cluster.brokers) {
    const led = partitions.filter(({ leader }) => leader === nodeId).map(({ partitionId }) => partitionId);
    if (led.length === 0) continue;
    const answer = await exchange(host, port, listOffsetsRequest(topic, led));
    for (const [partition, offset] of listOffsetsResponse(answer, topic)) watermarks.set(partition, offset);
  }
  return watermarks;
}

function listOffsetsRequest(topic: string, partitions: readonly number[]): Buffer {
  const name = Buffer.from(topic);
  const request = Buffer.alloc(4 + 8 + 2 + 4 + 1 + 4 + 2 + name.length + 4 + partitions.length * 12);
  let at = request.writeInt32BE(request.length - 4, 0);
  at = request.writeInt16BE(LIST_OFFSETS, at);
  at = request.writeInt16BE(API_VERSION, at);
  at = request.writeInt32BE(0, at); // correlation id
  at = request.writeInt16BE(-1, at); // no client id
  at = request.writeInt32BE(-1, at); // replica id: an ordinary client
  at = request.writeInt8(READ_UNCOMMITTED, at);
  at = request.writeInt32BE(1, at); // topics
  at = request.writeInt16BE(name.length, at);
  at += name.copy(request, at);
  at = request.writeInt32BE(partitions.length, at);
  for (const partition of partitions) {
    at = request.writeInt32BE(partition, at);
    at = request.writeBigInt64BE(LATEST, at);
  }
  return request;
}

function listOffsetsResponse(body: Buffer, topic: string): [partition: number, offset: number][] {
  let at = 4 + 4 + 4; // correlation id, throttle time, count of topics
  at += 2 + body.readInt16BE(at); // topic name
  const count = body.readInt32BE(at);
  at += 4;
  return Array.from({ length: count }, () => {
    const partition = body.readInt32BE(at);
    const error = body.readInt16BE(at + 4);
    if (error !== 0) throw new Error(`ListOffsets of '${topic}', partition ${partition}: Kafka's error code ${error}`);
    const offset = Number(body.readBigInt64BE(at + 14));
    at += 22;
    return [partition, offset];
  });
}

/** Sends one length-prefixed request and returns the answer without its length. */
function exchange(host: string, port: number, request: Buffer): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host, port }, () => socket.write(request));
    let received = Buffer.alloc(0);
    socket.setTimeout(10_000, () => socket.destroy(new Error(`${host}:${port} does not answer`)));
    socket.on('error', reject);
    socket.on('close', () => reject(new Error(`${host}:${port} closed the connection`)));
    socket.on('data', (chunk: Buffer) => {
      received = Buffer.concat([received, chunk]);
      if (received.length < 4 || received.length < 4 + received.readInt32BE(0)) return;
      resolve(received.subarray(4, 4 + received.readInt32BE(0)));
      socket.destroy();
    });
  });
}
