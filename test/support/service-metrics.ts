import type { ServiceProcess } from './service-process';

/** The metrics of a service with `httpPort: 0`, as Prometheus would read them: each sample by its name with its labels. */
export async function metricsOf(service: ServiceProcess): Promise<Map<string, number>> {
  const { port } = await service.until((line) => line['event'] === 'http_server_started', { what: 'its HTTP server' });
  const response = await fetch(`http://127.0.0.1:${String(port)}/metrics`);
  const samples = (await response.text()).split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  return new Map(
    samples.map((sample) => {
      const end = sample.lastIndexOf(' ');
      return [sample.slice(0, end), Number(sample.slice(end + 1))];
    }),
  );
}
