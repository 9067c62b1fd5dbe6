import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { summarizeProfiles } from '../../bench/cpu-profile';

describe('the summary of CPU profiles', () => {
  it('adds up self time by function over all profiles of a folder', async () => {
    const folder = await mkdtemp(path.join(tmpdir(), 'millrace-profile-'));
    const frame = (functionName: string, url: string) => ({ functionName, url, lineNumber: 9 });
    const profile = {
      nodes: [
        { id: 1, callFrame: frame('encode', 'file:///home/me/app/dist/src/kafka/encode.js') },
        { id: 2, callFrame: frame('(idle)', '') },
      ],
      samples: [1, 2, 1],
      timeDeltas: [1000, 4000, 2000],
    };
    await writeFile(path.join(folder, 'main.cpuprofile'), JSON.stringify(profile));
    await writeFile(path.join(folder, 'worker.cpuprofile'), JSON.stringify({ ...profile, samples: [1, 1, 1] }));
    const lines = summarizeProfiles(folder).trimEnd().split('\n');
    await rm(folder, { recursive: true });
    expect(lines).toEqual([
      'Self time of the main thread and its workers, 0.0 s in all',
      ' 71.4 %       10 ms  encode dist/src/kafka/encode.js:10',
      ' 28.6 %        4 ms  (idle)',
    ]);
  });
});
