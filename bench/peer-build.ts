import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { projectFolder } from './project-folder';

const folder = path.join(projectFolder, 'bench', 'peer');
const target = path.join(folder, 'target');
const stampFile = path.join(target, 'built-from');

/** Builds the Kafka Streams peer and its tools where their sources changed, and gives their Java class path. */
export function buildPeer(log: (line: string) => void): string {
  const sources = hashOfSources();
  const built = existsSync(stampFile) ? readFileSync(stampFile, 'utf8') : undefined;
  if (built !== sources) {
    log('building bench/peer with Maven');
    const maven = spawnSync('mvn', ['--batch-mode', '--quiet', 'package'], { cwd: folder, encoding: 'utf8' });
    if (maven.error !== undefined) {
      throw new Error('bench/peer cannot be built: `mvn` does not start. Install Java 17 and Maven.', {
        cause: maven.error,
      });
    }
    if (maven.status !== 0) throw new Error(`bench/peer does not build:\n${maven.stdout}${maven.stderr}`);
    writeFileSync(stampFile, sources);
  }
  return [path.join(target, 'bench-peer.jar'), path.join(target, 'libs', '*')].join(path.delimiter);
}

function hashOfSources(): string {
  const hash = createHash('sha256').update(readFileSync(path.join(folder, 'pom.xml')));
  const files = readdirSync(path.join(folder, 'src'), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => path.join(entry.parentPath, entry.name));
  for (const file of files.sort()) hash.update(file).update(readFileSync(file));
  return hash.digest('hex');
}
