import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { silentLogger } from '../../src/logging/logger';
import { IllegalStateError } from '../../src/runtime/application-state';
import { Millrace } from '../../src/runtime/millrace';
import { build, text } from '../topology/build';

describe('an application', () => {
  let stateDir: string;
  beforeEach(async () => {
    stateDir = await mkdtemp(join(tmpdir(), 'millrace-application-'));
  });
  afterEach(() => rm(stateDir, { recursive: true }));

  const create = (): Millrace =>
    new Millrace(
      build((builder) => builder.stream('in', text).to('out')),
      // Nobody listens there.
      { applicationId: 'app', brokers: '127.0.0.1:1', stateDir },
      { logger: silentLogger },
    );

  it('starts once', async () => {
    const application = create();
    const started = application.start().catch(() => undefined);
    await expect(application.start()).rejects.toThrow(IllegalStateError);
    await application.close();
    await started;
  });

  it('can be closed while it looks for Kafka, and before it was started', async () => {
    const looking = create();
    const started = looking.start().catch(() => undefined);
    await looking.close();
    await started;
    expect(looking.state).toBe('NOT_RUNNING');
    const unstarted = create();
    await unstarted.close();
    expect(unstarted.state).toBe('NOT_RUNNING');
    await expect(unstarted.start()).rejects.toThrow(IllegalStateError);
  });
});
