import { clientDistributions } from '../../coordinator/report/client-plots.js';
import { graphPicture } from '../../coordinator/report/graph-picture.js';
import { partitionPlot } from '../../coordinator/report/partition-plot.js';
import type { Figure } from '../../coordinator/report/plots.js';
import { type Claim, type PrivacyResult, type ReportContent, writeReport } from '../../coordinator/report/report.js';
import type { RunDirectory } from '../../coordinator/run-directory/run-directory.js';
import type { AnyMethod, ClientIndex } from '../../protocol/method.js';
import type { RunRecord } from '../../protocol/scenario/expectation.js';
import type { Verdict } from '../../protocol/scenario/judge.js';
import type { Scenario } from '../../protocol/scenario/scenario.js';
import { valueInWords } from '../../protocol/scenario/wording.js';
import { histogramColumns, labelHistogram, skewOf } from '../../worker/datasets/partition/skew.js';
import type { Problem } from '../../worker/problem.js';
import type { PosteriorReport } from '../posterior/posterior-report.js';
import type { Fleet } from '../run/fleet.js';
import type { StudyResult } from '../run/study.js';
import { compressionTable } from './compression-report.js';
import { spectralGap } from './spectrum.js';

export interface RunReport {
  readonly scenario: Scenario;
  readonly method: AnyMethod;
  readonly problem: Problem;
  readonly directory: RunDirectory;
  readonly verdict: Verdict;
  readonly claims: readonly Claim[];
  readonly record: RunRecord;
  readonly fleet: Fleet;
  /** What the scenario's study found. */
  readonly studied: StudyResult | null;
  /** The method's forecast before the run. */
  readonly forecast: readonly string[];
  /** null: nothing was released. */
  readonly privacy: PrivacyResult | null;
  /** Of samplers. */
  readonly posterior: PosteriorReport | null;
}

/** Graphs of more peers than this are a black disc, and their spectrum takes minutes. */
const MOST_NODES_DRAWN = 200;

/** Writes report.html from the run and what only the running processes knew of it: partition, graph, model. */
export async function writeRunReport(run: RunReport): Promise<string> {
  const {
    scenario,
    method,
    problem,
    directory,
    verdict,
    claims,
    record,
    fleet,
    studied,
    forecast,
    privacy,
    posterior,
  } = run;
  const { name: _name, ...hyperparameters } = scenario.method;
  const { dataset, partition, family } = problem;
  const edgeServers = fleet.site.host.edgeServers.length;
  const histogram = dataset.train.count > 0 ? labelHistogram(dataset, partition) : [];
  const clientFigures = (scenario.evaluation.perClient?.figures ?? []).map(({ of }) => of);
  const content: ReportContent = {
    ...(scenario.timingOnly && { timingOnly: true }),
    title: scenario.name,
    summary: [scenario.description, ...forecast].join(' '),
    verdict,
    method: { name: method.name, paper: method.paper, hyperparameters },
    data: {
      name: dataset.name,
      source: [dataset.source, ...(dataset.decisions ?? [])].join('; '),
      partition: partition.definition,
      dropped: partition.dropped,
    },
    model: `${scenario.objective.name}, ${family.parameterCount} parameters, ${scenario.precision}`,
    clients: scenario.clients,
    edgeServers,
    participation: participationText(scenario),
    claims,
    leadFigures: [...(studied?.figures ?? []), ...(posterior?.plots ?? [])],
    clientFigures,
    figures: [
      ...clientDistributions(directory.lastClientFigures(), clientFigures),
      ...partitionFigures(problem, histogram),
      ...graphFigures(fleet, scenario),
    ],
    tables: [posterior?.table, compressionTable(scenario, record.rows, edgeServers)].filter((table) => table != null),
    ...(privacy ? { privacy } : {}),
    numbers: {
      ...studied?.summary,
      ...skewNumbers(problem, histogram, fleet.site.host.edgeServers),
      ...graphNumbers(fleet, scenario),
    },
    repeat: [`gradswarm run ${directory.path}`, `gradswarm replay ${directory.path}`],
  };
  return writeReport(directory, content);
}

function participationText({ participation, clients }: Scenario): string {
  const { cohort, sampling, quorum, deadlineMs, first } = participation;
  const who =
    cohort === 'all' ? `all ${clients} clients` : `${cohort} of ${clients} clients a round (${valueInWords(sampling)})`;
  const when = `${first ? `, the first ${first} answers` : ''}${deadlineMs === null ? '' : `, deadline ${deadlineMs} ms`}`;
  return `${who}${quorum ? `, quorum ${JSON.stringify(quorum)}` : ''}${when}`;
}

type Histogram = ReturnType<typeof labelHistogram>;

function partitionFigures({ dataset, partition }: Problem, histogram: Histogram): Figure[] {
  if (dataset.train.count === 0) return [];
  const spec = partitionPlot(histogram, histogramColumns(dataset));
  return [{ name: 'partition', caption: `Classes by client: ${partition.definition}.`, spec }];
}

/** Edge servers hold no data and are none of the clients that it is about. */
function skewNumbers(
  { dataset }: Problem,
  histogram: Histogram,
  edgeServers: readonly ClientIndex[],
): Record<string, number> {
  if (dataset.train.count === 0) return {};
  const skew = skewOf(histogram.filter((_, client) => !edgeServers.includes(client)));
  return {
    'examples, smallest client': skew.smallestClient,
    'examples, largest client': skew.largestClient,
    ...(dataset.classCount > 0
      ? {
          'label skew (mean total variation)': skew.meanTotalVariation,
          'effective classes a client': skew.meanEffectiveClasses,
        }
      : {}),
  };
}

function graphFigures({ site }: Fleet, { clients, topology }: Scenario): Figure[] {
  if (!site.topology || !topology || clients > MOST_NODES_DRAWN) return [];
  const graph = site.topology.graphAt(0);
  const edges = graph.outNeighbors.flatMap((peers, from) =>
    peers.filter((to) => graph.directed || to > from).map((to) => [from, to] as const),
  );
  const changing = site.topology.period === 1 ? '' : ' (first round; it changes)';
  return [
    {
      name: 'graph',
      caption: `The graph of ${site.host.edgeServers.length > 0 ? 'clients and edge servers' : 'the peers'}: ${topology.name}${changing}.`,
      spec: graphPicture(clients, edges, graph.directed),
    },
  ];
}

function graphNumbers(fleet: Fleet, scenario: Scenario): Record<string, number> {
  const gap = spectralGapOf(fleet, scenario);
  const changing = fleet.site.topology?.period === 1 ? '' : ' (first round; it changes)';
  return gap === null ? {} : { [`spectral gap of the mixing matrix${changing}`]: gap };
}

/** Of the first round's mixing matrix; null without a graph, where it is of edge servers, which do not mix, or where it is too large. */
export function spectralGapOf({ site }: Fleet, { clients }: Scenario): number | null {
  return !site.topology || site.host.edgeServers.length > 0 || clients > MOST_NODES_DRAWN
    ? null
    : spectralGap(site.topology.mixingAt(0));
}
