import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { mkdir, mkdtemp, rename, rm } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import { cacheFolder, mavenJars } from '../support/maven-jars';

const KAFKA = '4.1.0';

/** From `dist/test/oracle` as well as from `test/oracle`. */
function sourceFolder(): string {
  const beside = path.join(__dirname, 'java');
  return existsSync(beside) ? beside : path.resolve(__dirname, '..', '..', '..', 'test', 'oracle', 'java');
}

/**
 * The Java class path of the oracle: Kafka Streams with its test driver, from Maven, and the program in `java/`, compiled. Both
 * are kept in the cache; the program is compiled again when its sources change.
 *
 * @throws Error where Java 17 or Maven is missing, or the program does not compile
 */
export async function oracleClassPath(log: (line: string) => void = () => undefined): Promise<string> {
  const jars = await mavenJars(
    `kafka-streams-oracle-${KAFKA}`,
    [`org.apache.kafka:kafka-streams:${KAFKA}`, `org.apache.kafka:kafka-streams-test-utils:${KAFKA}`],
    log,
  );
  const libraries = path.join(jars, '*');
  return [await compiled(libraries), libraries].join(path.delimiter);
}

async function compiled(libraries: string): Promise<string> {
  const folder = sourceFolder();
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.java'))
    .sort()
    .map((name) => path.join(folder, name));
  const hash = createHash('sha256').update(KAFKA);
  for (const file of files) hash.update(readFileSync(file));
  const classes = path.join(cacheFolder(), `oracle-classes-${hash.digest('hex').slice(0, 16)}`);
  if (existsSync(classes)) return classes;

  await mkdir(cacheFolder(), { recursive: true });
  const work = await mkdtemp(`${classes}.part-`);
  try {
    await promisify(execFile)('javac', ['--release', '17', '-cp', libraries, '-d', work, ...files]);
    // Whole or not at all. If another process was faster, its folder is as good as ours.
    await rename(work, classes).catch((error: unknown) => {
      if (!existsSync(classes)) throw error;
    });
  } finally {
    await rm(work, { recursive: true, force: true });
  }
  return classes;
}
