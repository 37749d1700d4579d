import { expect } from 'chai';
import { MetricsServer } from '../../../scenarios/commands/metrics-server.js';

describe('/metrics', () => {
  const textOf = async (server: MetricsServer) => (await fetch(`http://127.0.0.1:${server.port}/metrics`)).text();

  it('of a coordinator has the round, loss, and bytes by direction of its run', async () => {
    const server = await MetricsServer.open(0, true);
    try {
      server.start('quick-start', 30);
      for (const round of [1, 2])
        server.round({ round, loss: 1 / round, accuracy: null, bytesUp: 100, bytesDown: 7, bytesPeer: 0 });
      const text = await textOf(server);
      for (const line of [
        'gradswarm_round 2',
        'gradswarm_rounds{run="quick-start"} 30',
        'gradswarm_loss 0.5',
        'gradswarm_sent_bytes_total{direction="up"} 200',
        'gradswarm_sent_bytes_total{direction="down"} 14',
      ])
        expect(text).to.include(`\n${line}\n`);
      expect(text).to.include('process_resident_memory_bytes');
    } finally {
      server.close();
    }
  });

  it('of a worker has its process alone, and a port that is taken is refused', async () => {
    const server = await MetricsServer.open(0, false);
    try {
      expect(await textOf(server))
        .to.include('process_cpu_seconds_total')
        .and.not.include('gradswarm_');
      const refused = await MetricsServer.open(server.port, false).catch((error: Error) => error);
      expect(String(refused)).to.include(`--metrics-port ${server.port}: expected a free port`);
    } finally {
      server.close();
    }
  });
});
