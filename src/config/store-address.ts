import path from 'node:path';
import { fileURLToPath } from 'node:url';

/** Where a snapshot store is. */
export type StoreAddress =
  | { readonly kind: 'directory'; readonly directory: string }
  /** All keys begin with `prefix` and a slash; with neither when it is empty. */
  | { readonly kind: 's3'; readonly bucket: string; readonly prefix: string };

export const STORE_ADDRESS = 'an absolute path, file:///path or s3://bucket/prefix';

/** @returns undefined when the text is none of {@link STORE_ADDRESS} */
export function parseStoreAddress(text: string): StoreAddress | undefined {
  if (text.startsWith('s3://')) return parseS3(text.slice('s3://'.length));
  const directory = text.startsWith('file:') ? pathOfUrl(text) : text;
  if (directory === undefined || !path.isAbsolute(directory) || directory.includes('\0')) return undefined;
  return { kind: 'directory', directory: path.resolve(directory) };
}

function parseS3(text: string): StoreAddress | undefined {
  const [bucket = '', ...parts] = text.replace(/\/$/, '').split('/');
  const isPart = (part: string) => /^[A-Za-z0-9._=@+-]+$/.test(part) && part !== '.' && part !== '..';
  if (!/^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/.test(bucket) || !parts.every(isPart)) return undefined;
  return { kind: 's3', bucket, prefix: parts.join('/') };
}

function pathOfUrl(text: string): string | undefined {
  // `new URL` would take file:path and file:/path too.
  if (!text.startsWith('file:///')) return undefined;
  try {
    return fileURLToPath(text);
  } catch {
    return undefined;
  }
}
