import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync } from 'node:fs';
import path from 'node:path';
import { cacheFolder } from './maven-jars';

const INSTALL_TIMEOUT_MS = 4 * 60_000;

/** A program, or the reason why it cannot be had on this machine. */
export type ProgramOrReason = { readonly command: string } | { readonly unavailable: string };

/**
 * A program written in Go, built from its source by `go install`.
 *
 * Built once: it is kept in the cache. Blocks until then, so that a test file knows which tests it has before the first of them runs.
 *
 * @param source a package and its version, such as `github.com/versity/versitygw/cmd/versitygw@v1.8.0`
 */
function goProgram(source: string, log: (line: string) => void): ProgramOrReason {
  const folder = path.join(cacheFolder(), source.replaceAll('/', '_'));
  const command = path.join(folder, path.basename(source).replace(/@.*/, ''));
  if (existsSync(command)) return { command };
  if (spawnSync('go', ['version']).error !== undefined) return { unavailable: "the command 'go' is not installed" };

  mkdirSync(cacheFolder(), { recursive: true });
  const work = mkdtempSync(`${folder}.part-`);
  try {
    log(`building ${source} with Go into ${folder} (once)`);
    const { status, stderr } = spawnSync('go', ['install', source], {
      env: { ...process.env, GOBIN: work, GOFLAGS: '' },
      timeout: INSTALL_TIMEOUT_MS,
      encoding: 'utf8',
    });
    const said = stderr.trim().split('\n').slice(-3).join(' | ');
    if (status !== 0) return { unavailable: `'go install ${source}' failed (${status}): ${said}` };
    try {
      renameSync(work, folder);
    } catch (error) {
      // Another process was faster, and its program is as good.
      if (!existsSync(command)) throw error;
    }
    return { command };
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

const sayOnStandardError = (line: string): void => void process.stderr.write(`${line}\n`);

/** The S3 server of `S3Server`; built at first, which takes a minute or more. */
export function s3Program(): ProgramOrReason {
  return goProgram('github.com/versity/versitygw/cmd/versitygw@v1.8.0', sayOnStandardError);
}

/** The proxy of `FaultyNetwork`; built at first, which takes some seconds. */
export function toxiproxyProgram(): ProgramOrReason {
  return goProgram('github.com/Shopify/toxiproxy/v2/cmd/server@v2.5.0', sayOnStandardError);
}
