import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { bold, green, red } from 'picocolors';
import { startBroker } from '../../test/support/kafka-broker';
import type { Cleanup } from './cleanup';
import { CountsReader } from './counts-reader';
import { createDemoTopics, deleteDemoTopics, SENTENCES, WORD_COUNTS } from './demo-topics';
import { Feed } from './feed';
import { IndependentCount } from './independent-count';
import { readLibrary } from './library';
import { number, type ProgressDisplay } from './progress-display';
import { ProgressWatch } from './progress-watch';
import { compareCounts } from './verdict';
import { WordCountService } from './word-count-service';

/** How often the service is killed, and how long and how much each process works before, at least. */
const KILLS = 3;
const WORK_MS = 3_500;
const WORK_WORDS = 50_000;

/** Without a new count for this long after the last sentence, nothing more is expected. */
const SILENCE_MS = 60_000;
const END_TIMEOUT_MS = 60_000;

/** Runs the demo from broker to verdict; true when every word is equal and nothing was counted twice. */
export async function runDemo(display: ProgressDisplay, cleanup: Cleanup): Promise<boolean> {
  const startedAt = performance.now();
  const broker = await startBroker({ log: (line) => display.say(line) });
  cleanup.add(() => broker.stop());
  const { brokers } = broker;
  const applicationId = `millrace-demo-${randomUUID().slice(0, 8)}`;
  await createDemoTopics(brokers);
  if (broker.kind === 'external') cleanup.add(() => deleteDemoTopics(brokers, applicationId));
  const stateDir = await mkdtemp(path.join(tmpdir(), 'millrace-demo-'));
  cleanup.add(() => rm(stateDir, { recursive: true, force: true, maxRetries: 3 }));

  const written = new IndependentCount();
  const reader = new CountsReader(brokers, WORD_COUNTS);
  cleanup.add(() => reader.stop());
  const feed = new Feed({
    brokers,
    topic: SENTENCES,
    chapters: readLibrary(),
    onChapter: ({ text }) => written.add(text),
    backlog: () => written.total - reader.total,
  });
  cleanup.add(() => feed.close());
  const service = new WordCountService({ brokers, applicationId, stateDir });
  cleanup.add(() => service.kill());
  const watch = new ProgressWatch({ display, service, reader, written });
  cleanup.add(() => watch.stop());

  await Promise.all([feed.start(), reader.start()]);
  watch.start();
  const story = async (): Promise<void> => {
    await service.start();
    display.say(`process ${service.pid} counts the words of Moby Dick and of the State of the Union addresses`);
    for (let kill = 1; kill <= KILLS; kill++) {
      await work(reader);
      await killAndStartAgain(kill, service, display);
    }
    await work(reader);
    await feed.finish();
    display.say(
      `all is written: ${number(feed.sentences)} sentences, ${number(written.total)} words; the service finishes`,
    );
    await reader.untilTotal(written.total, SILENCE_MS);
    await service.terminate();
    await reader.untilEnd(END_TIMEOUT_MS);
  };
  await Promise.race([story(), service.failed, reader.failed, feed.failed]);
  await watch.stop();

  const verdict = compareCounts(reader.counts, reader.wrongSteps, written.counts);
  const seconds = ((performance.now() - startedAt) / 1000).toFixed(1);
  const inAll = `${KILLS} processes were killed in the middle of their work; ${seconds} s in all.`;
  for (const line of ['', ...verdict.lines, inAll]) display.say(line);
  display.say(bold(verdict.passed ? green('Exactly once: yes.') : red('Exactly once: NO.')));
  return verdict.passed;
}

/** Resolves when the process that runs now has worked for a while: whatever comes then comes in the middle of its work. */
async function work(reader: CountsReader): Promise<void> {
  const goal = reader.total + WORK_WORDS;
  await pause(WORK_MS);
  await reader.untilTotal(goal, SILENCE_MS);
  if (reader.total < goal) throw new Error(`The service brought no new count for ${SILENCE_MS / 1000} s.`);
}

async function killAndStartAgain(kill: number, service: WordCountService, display: ProgressDisplay): Promise<void> {
  const { pid } = service;
  await service.kill();
  display.say(red(`process ${pid} KILLED with SIGKILL in the middle of its work (${kill} of ${KILLS})`));
  const { milliseconds, restoredRecords } = await service.start();
  display.say(
    `process ${service.pid} goes on with the state on disk, after ${number(milliseconds)} ms; changelog records to catch up on: ${number(restoredRecords)}`,
  );
}
