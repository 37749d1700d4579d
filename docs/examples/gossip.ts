import { run } from 'gradswarm';
import { reaches, scenario } from 'gradswarm/scenario';

const gossip = scenario({
  name: 'gossip',
  method: { name: 'dgd', stepSize: 0.02 },
  objective: { name: 'quadratic', dimension: 20 },
  data: 'none',
  topology: './wheel.ts',
  clients: 8,
  rounds: 200,
  precision: 'float64',
  expect: [reaches({ loss: 0.05 })],
});
export default gossip;

// As a program: node gossip.ts (Node 22.18 and later), or after tsc.
if (process.argv[1] === import.meta.filename) {
  const { verdict, reportPath } = await run(gossip, { from: import.meta.url });
  console.log(verdict.valid, reportPath);
}
