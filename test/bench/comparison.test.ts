import { compare, type Measurement } from '../../bench/comparison';
import type { BenchContext } from '../../bench/context';
import type { Engine, EngineName } from '../../bench/engines/engine';
import { formatTable } from '../../bench/report';

describe('a comparison', () => {
  const order: string[] = [];
  const rates: Record<EngineName, number[]> = { millrace: [300, 100, 200], peer: [50, 100, 150] };

  function context(engines: readonly EngineName[]): BenchContext {
    return {
      engines: engines.map((name) => ({ name, title: name, settings: { of: name } }) as unknown as Engine),
      profiles: false,
      seed: 1,
      machine: { cores: 2 },
      log: () => undefined,
    } as unknown as BenchContext;
  }

  beforeEach(() => order.splice(0));

  function comparison(runs: number): Parameters<typeof compare>[1] {
    const taken: Record<EngineName, number> = { millrace: 0, peer: 0 };
    return {
      bench: 'count',
      case: '10 keys',
      runs,
      settings: { records: 5 },
      measure: async ({ name }) => {
        order.push(name);
        return { records_per_second: rates[name][taken[name]++] ?? 0 };
      },
    };
  }

  it('runs the engines in turn and gives medians, their ratio and every run', async () => {
    const [result, ...others] = await compare(context(['millrace', 'peer']), comparison(3));
    expect(others).toEqual([]);
    expect(order).toEqual(['millrace', 'peer', 'millrace', 'peer', 'millrace', 'peer']);
    expect(result).toMatchObject({
      metric: 'records_per_second',
      millrace: 200,
      peer: 100,
      ratio: 2,
      runs: [
        { millrace: 300, peer: 50 },
        { millrace: 100, peer: 100 },
        { millrace: 200, peer: 150 },
      ],
      settings: { records: 5, millrace: { of: 'millrace' }, peer: { of: 'peer' } },
    });
  });

  it('takes the mean of the two in the middle where the number of runs is even', async () => {
    const [result] = await compare(context(['millrace']), comparison(2));
    expect(result).toMatchObject({ millrace: 200, peer: null, ratio: null });
  });

  it('prints a row for each metric', async () => {
    const table = formatTable(await compare(context(['millrace', 'peer']), comparison(3)));
    expect(table.split('\n')).toEqual([
      'case     metric              Millrace  Kafka Streams  ratio',
      '10 keys  records_per_second       200            100      2',
    ]);
  });

  it('names the peer as the benchmark does', async () => {
    const table = formatTable(await compare(context(['millrace', 'peer']), comparison(1)), 'without');
    expect(table.split('\n')[0]).toBe('case     metric              Millrace  without  ratio');
  });

  it('leaves the peer out of a metric that only Millrace has', async () => {
    const measure = async ({ name }: Engine): Promise<Measurement> => (name === 'millrace' ? { bytes: 7 } : {});
    const results = await compare(context(['millrace', 'peer']), { ...comparison(1), measure });
    expect(results).toMatchObject([{ metric: 'bytes', millrace: 7, peer: null, ratio: null }]);
  });
});
