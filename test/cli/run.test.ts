import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createTopics, produce } from '../support/kafka-clients';
import { uniqueName } from '../support/kafka-names';
import { ServiceProcess } from '../support/service-process';
import { sharedBrokers } from '../support/shared-broker';
import { CompiledCli } from './compiled-cli';

/* `millrace run` in a process of its own, against a real broker. */

describe('millrace run', () => {
  let cli: CompiledCli;
  let directory: string;
  let brokers: string[];
  const services: ServiceProcess[] = [];

  beforeAll(async () => {
    brokers = await sharedBrokers();
    cli = await CompiledCli.compile();
    directory = mkdtempSync(join(tmpdir(), 'millrace-run-'));
  }, 300_000);
  afterEach(async () => {
    for (const service of services.splice(0)) if (service.ended === undefined) await service.kill();
  });
  afterAll(() => {
    cli.remove();
    rmSync(directory, { recursive: true });
  });

  function start(topic: string, options: readonly string[] = []): ServiceProcess {
    const module = join(directory, `${topic}.cjs`);
    const text = '{ name: "text", serialize: (value) => Buffer.from(value), deserialize: (bytes) => bytes.toString() }';
    writeFileSync(
      module,
      `module.exports = (builder) => {
        builder.stream('${topic}', { key: ${text}, value: ${text} })
          .peek((key, value) => { if (value === 'throw') throw new Error('cannot stand this'); })
          .to('${topic}-copy');
      };`,
    );
    const args = [
      'run',
      module,
      '--application-id',
      topic,
      '--brokers',
      brokers.join(','),
      '--state-dir',
      directory,
      ...options,
    ];
    const service = ServiceProcess.start({ program: cli.program, args });
    services.push(service);
    return service;
  }

  async function withTopics(): Promise<string> {
    const topic = uniqueName('cli');
    await createTopics(brokers, { topic, partitions: 1 }, { topic: `${topic}-copy`, partitions: 1 });
    return topic;
  }

  const running = (service: ServiceProcess) =>
    service.until((line) => line['event'] === 'state_changed' && line['to'] === 'RUNNING', {
      what: 'the state RUNNING',
    });

  it.each(['SIGTERM', 'SIGINT'] as const)('commits, leaves the group and exits with 0 at %s', async (signal) => {
    const service = start(await withTopics());
    await running(service);
    process.kill(service.pid ?? 0, signal);
    expect(await service.end()).toEqual({ code: 0, signal: null });
    expect(service.log.map((line) => line['event'])).toContain('signal_received');
    expect(service.log.at(-1)).toMatchObject({ event: 'stopped' });
  });

  it('exits with 1 when a source topic is missing, with the reason in the last line', async () => {
    const service = start(uniqueName('missing'));
    expect(await service.end()).toEqual({ code: 1, signal: null });
    expect(service.log.at(-1)).toMatchObject({
      level: 'fatal',
      event: 'fatal_error',
      msg: expect.stringContaining('missing') as string,
    });
  });

  it('exits with 0 at a signal that comes while it looks for its brokers', async () => {
    const service = start(uniqueName('unreachable'), ['--brokers', '127.0.0.1:1']);
    await service.until((line) => line['event'] === 'state_changed', { what: 'the start' });
    expect(await service.terminate()).toEqual({ code: 0, signal: null });
  });

  it('exits with 1 when a record cannot be processed, with its place in the last line', async () => {
    const topic = await withTopics();
    const service = start(topic);
    await produce(brokers, topic, [{ key: 'k', value: 'throw' }]);
    expect(await service.end()).toEqual({ code: 1, signal: null });
    const last = service.log.at(-1);
    expect(last).toMatchObject({ level: 'fatal', event: 'fatal_error' });
    expect(JSON.stringify(last)).toContain('cannot stand this');
    expect(String(last?.msg)).toContain(topic);
  });

  it('serves health and metrics while it runs', async () => {
    const topic = await withTopics();
    const service = start(topic, ['--http-port', '0']);
    await running(service);
    const { port } = (await service.until((line) => line['event'] === 'http_server_started', {
      what: 'the server',
    })) as unknown as { port: number };
    expect(await (await fetch(`http://127.0.0.1:${port}/health`)).json()).toEqual({ state: 'RUNNING' });
    const metrics = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text();
    expect(metrics).toContain('millrace_instance_state{state="RUNNING"} 1');
    expect(metrics).toContain('process_resident_memory_bytes');
    expect((await service.terminate()).code).toBe(0);
  });
});
