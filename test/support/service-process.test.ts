import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { ServiceProcess } from './service-process';

describe('ServiceProcess', () => {
  let folder: string;
  const services: ServiceProcess[] = [];

  beforeEach(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'millrace-service-'));
  });
  afterEach(async () => {
    for (const service of services.splice(0)) await service.kill();
    await rm(folder, { recursive: true, force: true });
  });

  async function start(script: string, ...args: string[]): Promise<ServiceProcess> {
    const program = path.join(folder, 'service.js');
    await writeFile(program, script);
    const service = ServiceProcess.start({ program, args });
    services.push(service);
    return service;
  }

  it('finds a JSON log line by its fields, also one that came before the question', async () => {
    const service = await start(
      `console.log('plain'); console.log(JSON.stringify({ msg: 'ready', port: 7 })); setInterval(() => {}, 1000);`,
    );

    const ready = await service.until((line) => line.msg === 'ready', { what: 'ready' });
    expect(ready).toMatchObject({ port: 7 });
    await expect(service.until((line) => line.msg === 'plain', { what: 'plain' })).resolves.toEqual({ msg: 'plain' });
  });

  it('says what the process wrote when it ends before the expected line', async () => {
    const service = await start(`console.error('no broker'); process.exit(3)`);

    await expect(service.until((line) => line.msg === 'ready', { what: 'readiness' })).rejects.toThrow(
      /ended \(code 3\) before readiness[^]*no broker/,
    );
    expect(service.ended).toEqual({ code: 3, signal: null });
  });

  it('listens no longer for a line that nobody waits for any more', async () => {
    const service = await start(`console.log('ready'); setInterval(() => {}, 1000);`);
    await service.until((line) => line.msg === 'ready', { what: 'ready' });
    const listeners = (): number => service['child'].listenerCount('close') + service['listeners'].size;
    const before = listeners();
    const givenUp = new AbortController();
    const never = service.until(() => false, { what: 'nothing', signal: givenUp.signal });
    expect(listeners()).toBe(before + 2);
    givenUp.abort(new Error('another was first'));
    await expect(never).rejects.toThrow('another was first');
    await expect(service.until(() => true, { what: 'all', signal: givenUp.signal })).rejects.toThrow('another');
    expect(listeners()).toBe(before);
  });

  it('terminates with SIGTERM and reports the exit code', async () => {
    const service = await start(
      `process.on('SIGTERM', () => process.exit(0)); console.log('ready'); setInterval(() => {}, 1000);`,
    );
    await service.until((line) => line.msg === 'ready', { what: 'ready' });

    await expect(service.terminate()).resolves.toEqual({ code: 0, signal: null });
  });

  it('freezes and thaws', async () => {
    const service = await start(`let n = 0; setInterval(() => console.log(JSON.stringify({ n: ++n })), 5);`);
    await service.until(({ n }) => n === 3, { what: 'a third line' });

    service.freeze();
    expect(state(service)).toBe('T');
    service.thaw();

    const count = service.log.length;
    await service.until(({ n }) => Number(n) > count + 3, { what: 'lines after the freeze' });
  });

  it('leaves nothing behind when the process that started it is killed', async () => {
    const script = path.join(folder, 'starter.ts');
    const program = path.join(folder, 'service.js');
    await writeFile(program, `setInterval(() => {}, 1000);`);
    await writeFile(
      script,
      `import { ServiceProcess } from ${JSON.stringify(path.join(__dirname, 'service-process'))};
       const service = ServiceProcess.start({ program: ${JSON.stringify(program)}, args: [] });
       console.log(service.pid);
       setInterval(() => undefined, 1000);`,
    );
    const starter = spawn(process.execPath, ['--import', 'tsx', script], { stdio: ['ignore', 'pipe', 'inherit'] });
    const [text] = (await once(createInterface({ input: starter.stdout }), 'line')) as [string];
    const pid = Number(text);
    expect(alive(pid)).toBe(true);

    starter.kill('SIGKILL');
    await once(starter, 'exit');

    await goneWithin(pid, 5_000);
  });
});

function state(service: ServiceProcess): string {
  return execFileSync('ps', ['-o', 'state=', '-p', String(service.pid)], { encoding: 'utf8' }).trim();
}

function alive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

/** Only polling can tell: the process is nobody's child any more. */
async function goneWithin(pid: number, timeoutMs: number): Promise<void> {
  const deadline = performance.now() + timeoutMs;
  while (alive(pid)) {
    if (performance.now() > deadline) throw new Error(`process ${pid} still runs after ${timeoutMs} ms`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
