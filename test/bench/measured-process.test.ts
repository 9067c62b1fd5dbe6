import { MeasuredProcess } from '../../bench/measured-process';

type Line = Readonly<Record<string, unknown>>;

describe('a measured process', () => {
  function start(program: string, onLine: (line: Line) => void = () => undefined): MeasuredProcess {
    return new MeasuredProcess('a program', { command: process.execPath, args: ['-e', program], env: {} }, onLine);
  }

  /** Resolves when the program has printed its first JSON line. */
  async function startAndListen(program: string): Promise<MeasuredProcess> {
    let started: MeasuredProcess | undefined;
    await new Promise<void>((resolve) => (started = start(program, () => resolve())));
    if (started === undefined) throw new Error('not started');
    return started;
  }

  it('hands on the JSON lines and passes over the others', async () => {
    const lines: Line[] = [];
    const program = `console.log('hello'); console.log('{"event":"assigned"}'); console.error('{broken')`;
    await start(program, (line) => lines.push(line)).finished();
    expect(lines).toEqual([{ event: 'assigned' }]);
  });

  it('says how a program failed, with what it said last', async () => {
    await expect(start(`console.error('no broker'); process.exit(3)`).finished()).rejects.toThrow(
      'a program ended (exit code 3). Its last lines:\nno broker',
    );
  });

  it('reads CPU time and memory from outside', async () => {
    const busy = await startAndListen(`
      const held = Buffer.alloc(100e6, 1);
      while (process.cpuUsage().user < 200e3);
      console.log('{}');
      setInterval(() => held, 1000);`);
    const { cpuSeconds, residentMegabytes, peakResidentMegabytes } = busy.usage();
    await busy.kill();
    expect(cpuSeconds).toBeGreaterThanOrEqual(0.19);
    expect(residentMegabytes).toBeGreaterThan(95);
    expect(peakResidentMegabytes).toBeGreaterThanOrEqual(residentMegabytes);
    expect(() => busy.usage()).toThrow('a program ended (SIGKILL)');
  });

  it('reports a program that does not stop when asked to', async () => {
    const stubborn = await startAndListen(
      `process.on('SIGTERM', () => {}); console.log('{}'); setInterval(() => {}, 1000)`,
    );
    await expect(stubborn.stop(50)).rejects.toThrow('did not stop within 50 ms');
  });
});
