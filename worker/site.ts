import { loadChains } from '../protocol/aggregators/parts/chain.js';
import type { AnyMethod, ClientIndex, Objective, Secrets, Vector } from '../protocol/method.js';
import { loadNamedBy } from '../protocol/method-loader.js';
import { KeptValues } from '../protocol/party/kept-values.js';
import { loadCodings } from '../protocol/party/message-coding.js';
import type { PostOfficeOptions } from '../protocol/party/post-office.js';
import type { RoundClock } from '../protocol/party/round-host.js';
import { type GradientNoise, type NetworkModel, RunSite } from '../protocol/party/run-site.js';
import { loadProbes } from '../protocol/probe-loader.js';
import type { Scenario } from '../protocol/scenario/scenario.js';
import { topologies } from '../protocol/topology/family.js';
import { ChangedPosterior } from './objectives/changed-gradients.js';
import { UncomputedObjective } from './objectives/uncomputed.js';
import type { ProcessPrivacy } from './privacy.js';
import { KEPT_OBJECTIVES, type Problem } from './problem.js';
import { BETWEEN_ROUNDS, TimedObjective } from './timed-objective.js';

export interface SiteOptions extends PostOfficeOptions {
  readonly scenario: Scenario;
  readonly method: AnyMethod;
  readonly problem: Problem;
  readonly secrets: Secrets;
  readonly privacy: ProcessPrivacy;
  /** `openNetwork` of the scenario. */
  readonly networkModel: NetworkModel;
  /** Do messages travel, so that clients' real times are measured? Left out: no. */
  readonly measured?: boolean;
}

/** A run site whose clients compute on this problem's model and data. */
export async function openSite(options: SiteOptions): Promise<RunSite> {
  const { scenario, method, problem, networkModel } = options;
  await loadNamedBy(method, scenario.method);
  if (scenario.topology) await topologies.loadSpec(scenario.topology);
  const objectives = new KeptValues<Objective, TimedObjective>(KEPT_OBJECTIVES);
  // One for each attempt at a round: its streams continue from gradient to gradient.
  const noisy = new WeakMap<RoundClock, ChangedPosterior>();
  const noisyIn = (round: RoundClock, objective: TimedObjective, noise: readonly GradientNoise[]): Objective => {
    if (noise.length === 0) return objective;
    let own = noisy.get(round);
    if (!own) {
      const draws = noise.map(({ purpose, perturb }) => {
        const stream = round.rng.derive('gradient-noise', purpose);
        return (gradient: Vector) => perturb(gradient, stream);
      });
      own = new ChangedPosterior(objective, (gradient) => {
        for (const draw of draws) draw(gradient);
      });
      noisy.set(round, own);
    }
    return own;
  };
  const objectiveFor = (client: ClientIndex, round: number): TimedObjective => {
    const own = networkModel.changesData?.(client, round)
      ? problem.changed(client, round)
      : problem.objectiveOf(client);
    const known = objectives.get(own);
    if (known) return known;
    const computed = scenario.timingOnly ? new UncomputedObjective(own) : own;
    return objectives.add(own, new TimedObjective(computed, site.office));
  };
  const site: RunSite = new RunSite({
    ...options,
    now: () => performance.now(),
    model: problem.model,
    aggregators: await loadChains(scenario.aggregators ?? {}),
    codings: await loadCodings(scenario.codecs, problem.model.segments),
    probes: await loadProbes(scenario.measure, { ...problem.model, messages: options.method.messages }),
    privacy: (party, plan, ledger) => options.privacy.privacy(party, plan, ledger),
    coins: options.privacy.coins,
    exampleCounts: () => problem.exampleCounts(),
    objective: (party, round) => {
      const client = party as ClientIndex;
      const objective = (round.lent as TimedObjective | null) ?? objectiveFor(client, round.index);
      round.lent = objective;
      objective.clock = round;
      objective.msPerExample = networkModel.deviceTime(client, round.index, round.clockMs).msPerExample;
      return noisyIn(round, objective, networkModel.gradientNoise?.(client, round.index) ?? []);
    },
    released: (round) => {
      const objective = round.lent as TimedObjective | null;
      round.lent = null;
      // A later attempt may have it by now.
      if (objective?.clock === round) objective.clock = BETWEEN_ROUNDS;
    },
  });
  return site;
}
