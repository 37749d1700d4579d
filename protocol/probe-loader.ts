import type { Probe, ProbedRun, ProbeFamily } from './probe.js';
import type { Spec } from './scenario/scenario.js';
import { NamedModules, readSpec } from './settings/named-modules.js';

/** The probes that are loaded: the default exports of the files of `probes/`. */
export const probes = new NamedModules<ProbeFamily>('probe', 'a probe', [new URL('./probes/', import.meta.url)]);

/** The probes of a scenario, in its order. Records of runs from before there were probes have none. Throws ERR_SCENARIO. */
export async function loadProbes(specs: readonly Spec[] = [], run: ProbedRun): Promise<readonly Probe[]> {
  return Promise.all(
    specs.map(async (spec, index) => {
      await probes.loadSpec(spec);
      const { family, settings } = readSpec(probes, spec, `measure.${index}`);
      family.check(settings, run.messages);
      return family.create(settings, run);
    }),
  );
}
