import { loadChains, aggregators as robustSums } from '../aggregators/parts/chain.js';
import { rootStream } from '../numerics/random.js';
import { join, type Problems } from '../settings/problems.js';
import { hasOwnTiers, whyNotTiered } from '../topology/parts/tier-kinds.js';
import type { FaultEntry } from './catalogue.js';
import { checkCodecs, type Found } from './codec-checks.js';
import { checkForeseen, checkPrivateSums } from './privacy-checks.js';
import type { FaultRule, Json, Scenario } from './scenario.js';
import { checkSelection } from './selection-checks.js';
import { checkTasks } from './task-checks.js';
import { checkTiming } from './timing-checks.js';

/** What is wrong with a scenario although each of its parts is right by itself. */
export async function checkAcross(scenario: Scenario, found: Found, problems: Problems): Promise<void> {
  checkParticipation(scenario, found, problems);
  checkSelection(scenario, found, problems);
  checkPrivateSums(scenario, found, problems);
  checkForeseen(scenario, found, problems);
  checkTopology(scenario, found, problems);
  checkTasks(scenario, found, problems);
  await checkTiming(scenario, found, problems);
  checkMethod(scenario, found, problems);
  await checkObjective(scenario, found, problems);
  await checkAggregators(scenario, found, problems);
  await checkCodecs(scenario, found, problems);
  const kinds = Object.keys(found.method.messages);
  scenario.devices.forEach((device, index) => {
    checkClients(device.clients, `devices.${index}.clients`, scenario.clients, problems);
  });
  scenario.energy?.forEach((entry, index) => {
    checkClients(entry.clients, `energy.${index}.clients`, scenario.clients, problems);
    if (entry.battery && scenario.clock === 'wall')
      problems.add('clock', "'virtual', since batteries are charged in simulated time", 'wall');
  });
  scenario.links.forEach((link, index) => {
    checkClients(link.from, `links.${index}.from`, scenario.clients, problems);
    checkClients(link.to, `links.${index}.to`, scenario.clients, problems);
    checkKind(link.kind, `links.${index}.kind`, kinds, problems);
  });
  scenario.faults.forEach((rule, index) => {
    checkFault(rule, found.faults[index]!, `faults.${index}`, scenario.clients, kinds, problems);
    if (scenario.clock === 'wall' && found.faults[index]!.isSimulated?.(rule))
      problems.add('clock', `'virtual', since '${rule.fault}' acts by simulated time`, 'wall');
  });
}

function checkParticipation(scenario: Scenario, found: Found, problems: Problems): void {
  const { participation, clients, method } = scenario;
  const { cohort, quorum } = participation;
  const invited = cohort === 'all' ? clients : cohort;
  if (invited > clients) problems.add('participation.cohort', `at most clients = ${clients}`, cohort);
  if (quorum && 'count' in quorum && quorum.count > invited)
    problems.add('participation.quorum.count', `at most the cohort of ${invited}`, quorum.count);
  checkFirst(scenario, invited, found, problems);
  // A client outside the cohort posts nothing, and its neighbours would wait for it without end.
  const [peerKind] = peerKinds(found);
  if (peerKind !== undefined && invited < clients)
    problems.add(
      'participation.cohort',
      `'all', since the clients of '${method.name}' send '${peerKind}' to their peers and wait for every neighbour (for peers ` +
        'that are absent: faults, or a topology of fewer links a round)',
      cohort,
    );
}

function checkFirst(
  { participation: { first, quorum }, clock, method }: Scenario,
  invited: number,
  found: Found,
  problems: Problems,
): void {
  if (first == null) return;
  const path = 'participation.first';
  if (first > invited) problems.add(path, `at most the cohort of ${invited}`, first);
  if (quorum && 'count' in quorum && quorum.count > first)
    problems.add('participation.quorum.count', `at most participation.first = ${first}`, quorum.count);
  if (!found.method.coordinator)
    problems.add(path, `null with '${method.name}', which has no coordinator that waits`, first);
  if (found.method.isPrivate)
    problems.add(
      path,
      `null with '${method.name}': one client more may displace the answer of another, which is not in the ledger`,
      first,
    );
  if (clock === 'wall') problems.add(path, "null under the clock 'wall', which has no simulated arrivals", first);
}

/** The method's own check against the run that it is to make. */
function checkMethod(
  { method, rounds, clients, participation, privacy }: Scenario,
  found: Found,
  problems: Problems,
): void {
  const { name: _, ...hyperparameters } = method;
  try {
    found.method.checkPlan?.(hyperparameters, { rounds, clients, participation, privacy });
  } catch (error) {
    problems.report('method', error);
  }
}

/** Samplers need prior and likelihood apart; a stress on gradients would leave the two apart from each other. */
async function checkObjective(
  { method, objective, stress }: Scenario,
  found: Found,
  problems: Problems,
): Promise<void> {
  const { isPosterior } = found.objective;
  if (found.method.needsPosterior && !isPosterior)
    problems.add(
      'objective.name',
      `a log-posterior (${(await found.posteriors()).join(', ') || 'there is none'}), since '${method.name}' samples from one`,
      objective.name,
    );
  const scales = stress?.gradientScales ?? {};
  if (isPosterior && Object.keys(scales).length > 0)
    problems.add(
      'stress.gradientScales',
      `{} with the log-posterior '${objective.name}', whose likelihood and prior would no longer belong together`,
      scales,
    );
}

/** No rule needs more; a number of clients may be given for which there is no memory. */
const MOST_TRIED = 1_000_000;

/** Rules of which each needs so many messages, tried on as many as a whole cohort sends to the coordinator, or one fold takes. */
async function checkAggregators(
  { aggregators, participation, clients, topology, method: spec }: Scenario,
  { method, topology: graph }: Found,
  problems: Problems,
): Promise<void> {
  for (const [kind, rules] of Object.entries(aggregators ?? {})) {
    const gossip = rules.find(({ name }) => robustSums.find(name)?.needsOwn);
    if (gossip && method.messages[kind]?.to !== 'peers')
      problems.add(
        `aggregators.${kind}`,
        `no '${gossip.name}' on what the coordinator takes: it is about peers, who have a model of their own`,
        rules,
      );
  }
  const { cohort, sampling } = participation;
  if (!aggregators || sampling !== 'fixed' || method.cohort || typeof method.folds === 'string') return;
  const { name: _, ...hyperparameters } = spec;
  const edges = edgeServersIn(topology, graph);
  const folded = method.folds?.(hyperparameters, { clients }) ?? (edges || undefined);
  const invited = Math.min(folded ?? (cohort === 'all' ? clients : Math.min(cohort, clients)), MOST_TRIED);
  const vectors = Array.from({ length: invited }, () => new Float64Array(1));
  const step = {
    permutation: (length: number) => Uint32Array.from({ length }, (_, i) => i),
    previous: null,
    own: null,
  };
  for (const [kind, chain] of await loadChains(aggregators)) {
    if (method.messages[kind]?.to !== 'coordinator') continue;
    try {
      chain.apply(vectors, step);
    } catch (error) {
      problems.report(`aggregators.${kind}`, error);
    }
  }
}

function checkTopology(scenario: Scenario, found: Found, problems: Problems): void {
  const { topology, method, clients, participation } = scenario;
  const sent = peerKinds(found);
  const isTiered = edgeServersIn(topology, found.topology) > 0;
  if (topology && isTiered && !hasOwnTiers(found.method)) {
    const why = whyNotTiered(found.method);
    problems.add('topology.name', `no edge servers with '${method.name}': ${why}`, topology.name);
    return;
  }
  if (isTiered && participation.sampling !== 'fixed')
    problems.add(
      'participation.sampling',
      "'fixed' in a hierarchy, whose edge servers take part in every round",
      participation.sampling,
    );
  if (sent.length > 0 && topology === null) {
    const names = sent.map((name) => `'${name}'`).join(', ');
    problems.add('topology', `a topology, since the clients of '${method.name}' send each other ${names}`, null);
  }
  if (sent.length === 0 && topology !== null)
    problems.add('topology', `null, since the clients of '${method.name}' send each other nothing`, topology);
  if (topology === null || !found.topology?.fit || sent.length === 0) return;
  const { name: _, ...settings } = topology;
  try {
    const rng = rootStream(scenario.seed, scenario.precision).derive('topology');
    found.topology.fit(settings, clients, rng);
  } catch (error) {
    problems.line(error);
  }
}

function edgeServersIn(topology: Scenario['topology'], entry: Found['topology']): number {
  if (!topology) return 0;
  const { name: _, ...settings } = topology;
  return entry?.edgeServers?.(settings) ?? 0;
}

function peerKinds({ method }: Found): string[] {
  return Object.entries(method.messages)
    .filter(([, kind]) => kind.to === 'peers')
    .map(([name]) => name);
}

function checkClients(selector: Json, path: string, clients: number, problems: Problems): void {
  if (!Array.isArray(selector)) return;
  selector.forEach((party, index) => {
    checkClients(party, join(path, index), clients, problems);
    if (typeof party === 'number' && party >= clients)
      problems.add(join(path, index), `a client index below clients = ${clients}`, party);
  });
}

function checkKind(kind: string | null, path: string, kinds: readonly string[], problems: Problems): void {
  if (kind !== null && !kinds.includes(kind)) problems.unknownName(path, 'a kind of the method', kind, kinds);
}

/** The kinds and clients that a rule's settings name. */
function checkFault(
  rule: FaultRule,
  { settings }: FaultEntry,
  path: string,
  clients: number,
  kinds: readonly string[],
  problems: Problems,
): void {
  for (const [name, { refersTo }] of Object.entries(settings?.shape ?? {})) {
    if (refersTo === 'kind') checkKind(rule[name] as string | null, join(path, name), kinds, problems);
    if (refersTo === 'client') checkClients(rule[name]!, join(path, name), clients, problems);
  }
}
