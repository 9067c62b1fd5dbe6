// A process of its own for tests: gives a task one state and then the other, again and again, until it is killed.
import { cp } from 'node:fs/promises';
import { StateDirectory } from '../../src/state/state-directory';
import { StatePositions } from '../../src/state/state-positions';

async function main(stateDir: string, files: readonly (readonly [path: string, batches: number])[]): Promise<void> {
  const directory = await StateDirectory.open(stateDir, 'app');
  process.stdout.write('installing\n');
  for (;;) {
    for (const [path, batches] of files) {
      const positions = new StatePositions();
      positions.setChangelogPosition('entries', batches + 1);
      await directory.installTask('0_1', (target) => cp(path, target, { recursive: true }), positions);
    }
  }
}

void main(process.argv[2]!, [
  [process.argv[3]!, 60],
  [process.argv[4]!, 80],
]);
