import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import path from 'node:path';

/** Where downloads are kept: `MILLRACE_CACHE`, else `~/.cache/millrace`. */
export function cacheFolder(): string {
  return (
    process.env['MILLRACE_CACHE'] ??
    path.join(process.env['XDG_CACHE_HOME'] ?? path.join(homedir(), '.cache'), 'millrace')
  );
}

/** A Java artifact as `group:artifact:version`. */
export type MavenArtifact = `${string}:${string}:${string}`;

/**
 * The folder with the jars of `artifacts` and all that they need at run time, resolved by Maven.
 *
 * Downloaded once: the folder is kept in the cache under `name`, which must change when the artifacts do.
 *
 * @throws Error when Maven is missing or cannot resolve the artifacts
 */
export async function mavenJars(
  name: string,
  artifacts: readonly MavenArtifact[],
  log: (line: string) => void = () => undefined,
): Promise<string> {
  const folder = path.join(cacheFolder(), name);
  if (existsSync(folder)) return folder;

  await mkdir(cacheFolder(), { recursive: true });
  const work = await mkdtemp(path.join(cacheFolder(), `${name}.part-`));
  try {
    log(`downloading ${artifacts.join(', ')} with Maven into ${folder} (once)`);
    await writeFile(path.join(work, 'pom.xml'), pom(artifacts));
    await run('mvn', [
      ...['--batch-mode', '--quiet', '--file', path.join(work, 'pom.xml')],
      'org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy-dependencies',
      ...['-DincludeScope=runtime', `-DoutputDirectory=${path.join(work, 'libs')}`],
    ]);
    // Whole or not at all. If another process was faster, its folder is as good as ours.
    await rename(path.join(work, 'libs'), folder).catch((error: unknown) => {
      if (!existsSync(folder)) throw error;
    });
  } finally {
    await rm(work, { recursive: true, force: true });
  }
  return folder;
}

function pom(artifacts: readonly MavenArtifact[]): string {
  const dependencies = artifacts.map((artifact) => {
    const [group, id, version] = artifact.split(':');
    return `<dependency><groupId>${group}</groupId><artifactId>${id}</artifactId><version>${version}</version></dependency>`;
  });
  return `<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>millrace</groupId><artifactId>jars</artifactId><version>1</version>
  <dependencies>${dependencies.join('')}</dependencies>
</project>
`;
}

function run(command: string, parameters: readonly string[]): Promise<void> {
  return new Promise((resolve, reject) => {
    execFile(command, parameters, { maxBuffer: 64 * 1024 * 1024 }, (error, stdout, stderr) => {
      if (error === null) return resolve();
      if (error.code === 'ENOENT') return reject(new Error(`the command '${command}' is not installed`));
      const said = `${stdout}\n${stderr}`.trim().split('\n').slice(0, 4).join(' | ');
      reject(new Error(`'${command}' failed (${String(error.code)}): ${said}`));
    });
  });
}
