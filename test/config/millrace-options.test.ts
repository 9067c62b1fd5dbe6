import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { z } from 'zod';
import type { MillraceConfig, MillraceOptions } from '../../src/config/millrace-config';
import type { configSchema } from '../../src/config/schema';

type Mutable<T> = T extends readonly (infer E)[]
  ? E[]
  : T extends object
    ? { -readonly [K in keyof T]: Mutable<T[K]> }
    : T;
type Same<A, B> = [A, B] extends [B, A] ? true : false;

describe('what is generated from the schema', () => {
  it('is up to date: the documentation and the types of the options', async () => {
    const root = join(__dirname, '../..');
    const tsx = join(root, 'node_modules/.bin/tsx');
    await expect(promisify(execFile)(tsx, [join(__dirname, 'generate-docs.ts'), '--check'])).resolves.toMatchObject({
      stderr: '',
    });
  });

  it('has the types that the schema takes', () => {
    const same: Same<Mutable<MillraceOptions>, z.input<typeof configSchema>> = true;
    expect(same).toBe(true);
  });

  it('lets a resolved configuration be given as options', () => {
    const accepts: MillraceConfig extends MillraceOptions ? true : false = true;
    expect(accepts).toBe(true);
  });
});
