import type { WireReader } from './wire-reader';
import { WireWriter } from './wire-writer';

/** One request to a broker and how to read its answer. Error codes inside the answer are the caller's business. */
export interface ApiRequest<Response> {
  readonly name: string;
  readonly apiKey: number;
  readonly apiVersion: number;
  /** Versions with tagged fields have another header, in the request and in the response (KIP-482). */
  readonly flexible?: boolean;
  encode(writer: WireWriter): void;
  decode(reader: WireReader): Response;
}

/** The bytes of a request as they go to the socket, length first. */
export function encodeFrame(request: ApiRequest<unknown>, correlationId: number, clientId: string): Buffer[] {
  const writer = new WireWriter();
  writer.int16(request.apiKey).int16(request.apiVersion).int32(correlationId).nullableString(clientId);
  if (request.flexible === true) writer.noTags();
  request.encode(writer);
  const length = Buffer.allocUnsafe(4);
  length.writeInt32BE(writer.size);
  return [length, ...writer.toChunks()];
}
