/** A key of AES-256 and the name that it goes by. */
export interface EncryptionKey {
  readonly id: string;
  /** 32 bytes. */
  readonly bytes: Buffer;
}

export const ENCRYPTION_KEYS =
  '`id:key`, or several of them with different ids; an id of 1 to 64 of a-z A-Z 0-9 . _ -, a key of 64 hexadecimal digits or 32 bytes in base64';

/**
 * Reads keys between commas, blanks or line ends; what follows a '#' is a comment. The first is the one to write with.
 *
 * @returns undefined when the text is anything else
 */
export function parseEncryptionKeys(text: string): [EncryptionKey, ...EncryptionKey[]] | undefined {
  const entries = text
    .replace(/#.*$/gm, '')
    .split(/[\s,]+/)
    .filter((entry) => entry !== '');
  const keys = entries.flatMap((entry) => parseKey(entry) ?? []);
  const [first, ...others] = keys;
  const isEachValid = keys.length === entries.length;
  const isEachIdUsedOnce = new Set(keys.map(({ id }) => id)).size === keys.length;
  return first !== undefined && isEachValid && isEachIdUsedOnce ? [first, ...others] : undefined;
}

function parseKey(entry: string): EncryptionKey | undefined {
  const parts = /^([A-Za-z0-9._-]{1,64}):(?:([0-9a-fA-F]{64})|([A-Za-z0-9+/]{43}=?))$/.exec(entry);
  if (parts === null) return undefined;
  const [, id = '', hex, base64 = ''] = parts;
  return { id, bytes: hex === undefined ? Buffer.from(base64, 'base64') : Buffer.from(hex, 'hex') };
}
