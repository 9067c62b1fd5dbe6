import type { PieceReader } from './piece-reader';
import { SALT_BYTES } from './segment-cipher';

const MAGIC = Buffer.from('millrace', 'latin1');
const VERSION = 1;

/** What an encrypted object begins with: magic bytes, version, length of the key's id, that id, salt. */
export interface EncryptionHeader {
  readonly keyId: string;
  readonly salt: Buffer;
  /** As it is stored. */
  readonly bytes: Buffer;
}

export function makeHeader(keyId: string, salt: Buffer): EncryptionHeader {
  const id = Buffer.from(keyId, 'latin1');
  return { keyId, salt, bytes: Buffer.concat([MAGIC, Buffer.from([VERSION, id.length]), id, salt]) };
}

/** The header, or what is wrong with it. */
export async function readHeader(reader: PieceReader): Promise<EncryptionHeader | { readonly damage: string }> {
  const start = await reader.read(MAGIC.length + 2);
  const [version = 0, idLength = 0] = start.subarray(MAGIC.length);
  if (start.length < MAGIC.length + 2 || !start.subarray(0, MAGIC.length).equals(MAGIC)) {
    return { damage: 'it is not encrypted, or its beginning was changed' };
  }
  if (version !== VERSION) return { damage: `its encryption is of version ${version}, of which nothing is known here` };
  const rest = await reader.read(idLength + SALT_BYTES);
  if (rest.length < idLength + SALT_BYTES) return { damage: 'it was cut off' };
  const keyId = rest.toString('latin1', 0, idLength);
  return { keyId, salt: rest.subarray(idLength), bytes: Buffer.concat([start, rest]) };
}
