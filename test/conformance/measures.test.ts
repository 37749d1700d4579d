import { expect } from 'chai';
import { crash } from '../../protocol/faults/crash.js';
import { during } from '../../protocol/faults/fault.js';
import type { AnyMethod } from '../../protocol/method.js';
import { loadMethod, methods } from '../../protocol/method-loader.js';
import { probes } from '../../protocol/probe-loader.js';
import { lossyCodecs, resolveTiny } from '../../scenarios/check/parts/tiny-problems.js';
import { runTiny } from '../../scenarios/check/parts/tiny-run.js';
import { builtInNames } from '../../scenarios/plug-ins/extension-points.js';
import { loadCatalogue } from '../../scenarios/run/catalogue.js';
import { parityProblem } from '../support/tiny-needs.js';

const catalogue = await loadCatalogue();

const NETWORK = {
  objective: 'small-network',
  data: { name: 'gaussian-clusters', classes: 3, features: 4, examples: 120 },
};
/** What else a declared series needs, by method: several modules, a mode that all clients look for. */
const MORE: Readonly<Record<string, { readonly settings?: object; readonly changes?: object }>> = {
  agvm: { changes: NETWORK },
  fsgld: { settings: { surrogatePoint: 'posterior', modeSteps: 3 } },
  sghmc: { settings: { surrogatePoint: 'posterior', modeSteps: 3 } },
};

const covers = (declared: string, name: string): boolean =>
  declared.endsWith('*') ? name.startsWith(declared.slice(0, -1)) : declared === name;

/** Columns of a small run that neither the host nor the objective adds. `more`: changes to its scenario. */
async function measuredBy(method: AnyMethod, more: object = {}, settings: object = {}): Promise<readonly string[]> {
  const given = await parityProblem(method, 'float64', { rounds: 8, evaluation: { everyRounds: 4 }, ...more });
  const scenario = await resolveTiny(method, { ...given, method: { ...given.method, ...settings } });
  const objective = await catalogue.objectives.find(scenario.objective.name);
  const others = [...catalogue.host!.series, ...(objective!.measures ?? [])];
  const { rows } = await runTiny(scenario, method);
  const names = new Set(rows.flatMap(({ extra }) => Object.keys(extra)));
  return [...names].filter((name) => !others.some((other) => covers(other, name)));
}

/** One is absent from the first round on, when sizes are sent, and two when they are known. */
const ABSENT = {
  faults: [during(0, 8, crash({ clients: [1] })), during(3, 6, crash({ clients: [0, 2] }))],
  participation: { cohort: 'all' },
};

describe('what methods measure', () => {
  for (const name of builtInNames(methods))
    it(`${name}: every series is declared, and every declared series is there`, async () => {
      const method = await loadMethod(name);
      const declared = method.measures ?? [];
      const measured = new Set<string>();
      const { settings, changes } = MORE[name] ?? {};
      for (const more of [changes ?? {}, ABSENT, { codecs: lossyCodecs(method) }])
        for (const one of await measuredBy(method, more, settings)) measured.add(one);
      expect([...measured].filter((one) => !declared.some((known) => covers(known, one)))).to.deep.equal([]);
      expect(declared.filter((known) => ![...measured].some((one) => covers(known, one)))).to.deep.equal([]);
    });

  it('the probe gradient-noise-scale: every series is declared, and every declared series is there', async () => {
    const method = await loadMethod('vrgd');
    const probe = { name: 'gradient-noise-scale', kind: 'gradient', within: 'moments' };
    // Parts of a batch, whose spread is sampling noise alone.
    const measured = await measuredBy(method, { ...NETWORK, measure: [probe] }, { batchSize: 8, subBatches: 2 });
    const own = measured.filter((name) => !method.measures!.some((known) => covers(known, name)));
    const declared = probes.get('gradient-noise-scale').measures ?? [];
    expect(own.filter((name) => !declared.some((known) => covers(known, name)))).to.deep.equal([]);
    expect(declared.filter((known) => !own.some((name) => covers(known, name)))).to.deep.equal([]);
  });
});
