import { relative } from 'node:path';
import { RunLoop } from '../../coordinator/run/run-loop.js';
import type { RunResult } from '../../coordinator/run/run-loop-options.js';
import type { CarriedState } from '../../coordinator/run/run-observer.js';
import { stateDigest } from '../../coordinator/run-directory/digest.js';
import type { RunDirectory } from '../../coordinator/run-directory/run-directory.js';
import { GradswarmError } from '../../protocol/errors.js';
import type { AnyMethod, PartyId } from '../../protocol/method.js';
import { loadForecast, loadMethod } from '../../protocol/method-loader.js';
import { rootStream } from '../../protocol/numerics/random.js';
import { decodeRecord, digestedRecord } from '../../protocol/party/record.js';
import type { LedgerEntry } from '../../protocol/privacy/accounting/ledger.js';
import type { RunRecord } from '../../protocol/scenario/expectation.js';
import { judge, type Verdict } from '../../protocol/scenario/judge.js';
import { figureOf } from '../../protocol/scenario/quantity.js';
import type { Json, Scenario } from '../../protocol/scenario/scenario.js';
import { pause } from '../../worker/pause.js';
import { openProblem, type Problem } from '../../worker/problem.js';
import { concludePosterior } from '../posterior/posterior.js';
import { judgeClaims } from '../report/claims.js';
import { spectralGapOf, writeRunReport } from '../report/run-report.js';
import { loadExpectations } from './catalogue.js';
import type { Fleet } from './fleet.js';
import { openFleet } from './open-fleet.js';
import { Recorder } from './recorder.js';
import type { RunOptions, RunOutcome } from './run.js';
import { openStudy, type Study, type StudyResult } from './study.js';

export interface SessionOptions extends Pick<RunOptions, 'listen' | 'signal' | 'watcher'> {
  /** What the display calls it; left out: the scenario's name. */
  readonly label?: string;
  /** The swept values by path, where the run is a point of a sweep. */
  readonly point?: Readonly<Record<string, Json>>;
  /** Goes on from here. */
  readonly restored?: {
    readonly round: number;
    readonly parties: ReadonlyMap<PartyId, Uint8Array>;
    readonly carried: CarriedState;
  };
  /** Releases of a run that restarts because it left no checkpoint. */
  readonly releasedBefore?: readonly LedgerEntry[];
  /** The processes of the parties; left out: by the scenario. */
  readonly fleet?: typeof openFleet;
}

export interface SessionResult {
  readonly outcome: RunOutcome;
  readonly record: RunRecord;
}

/** One run from its resolved scenario to its report. Throws ERR_STOPPED when the user stopped it; what there is lies in the directory. */
export async function runSession(
  scenario: Scenario,
  directory: RunDirectory,
  options: SessionOptions,
): Promise<SessionResult> {
  const method = await loadMethod(scenario.method.name);
  const problem = await openProblem(scenario);
  const fleet = await (options.fleet ?? openFleet)(scenario, method, problem, {
    listen: options.listen,
    signal: options.signal,
    note: (text) => options.watcher?.note(text),
    event: (event) => directory.event(event),
  });
  let closing: Promise<void> | null = null;
  const close = () => (closing ??= fleet.close());
  const recorder = new Recorder(directory, options.watcher);
  options.watcher?.start(options.label ?? scenario.name, scenario.rounds);
  try {
    announce(directory, scenario, problem, fleet, options);
    const forecast = await forecastOf(scenario, problem);
    for (const line of forecast) options.watcher?.note(line);
    const rng = rootStream(scenario.seed, scenario.precision).derive('study');
    const study = await openStudy({ scenario, method, problem, rng });
    const loop = new RunLoop({
      scenario,
      site: fleet.site,
      crew: fleet.crew,
      evaluator: problem.family,
      observer: recorder,
      scriptedAbsences: fleet.scriptedAbsences,
      forgotten: fleet.forgotten,
      faultsFired: fleet.faultsFired,
      privacy: fleet.privacy,
      ...(study?.round ? { inspect: (round, estimates) => study.round!(round, estimates) } : {}),
      signal: options.signal,
      pause,
      now: () => performance.now(),
    });
    if (options.restored)
      await loop.restore(options.restored.round, options.restored.parties, options.restored.carried);
    else if (options.releasedBefore) loop.restoreLedger(options.releasedBefore);
    const result = await loop.run();
    // Workers go before the report is drawn: their work is done, and drawing may take longer than they wait for a sign of life.
    await close();
    return await conclude(scenario, method, problem, directory, study, result, fleet, options, forecast);
  } catch (error) {
    directory.event({
      t: 0,
      wallMs: 0,
      round: recorder.rows.at(-1)?.round ?? 0,
      event: 'stopped',
      fields: { reason: error instanceof Error ? error.message : String(error) },
    });
    throw error;
  } finally {
    await close();
    directory.close();
  }
}

function announce(
  directory: RunDirectory,
  scenario: Scenario,
  problem: Problem,
  fleet: Fleet,
  { restored, watcher }: SessionOptions,
): void {
  const at = { t: 0, wallMs: 0, round: restored?.round ?? 0 };
  const { device } = problem.family;
  if (device) for (const line of device.why) watcher?.note(line);
  directory.updateManifest({
    seed: scenario.seed,
    precision: scenario.precision,
    transport: fleet.transport,
    devices: [
      {
        backend: device?.name ?? 'plain loops',
        device: device?.why.join('; ') ?? 'JavaScript typed arrays',
        selfCheck: {
          passed: device?.deterministic ?? true,
          detail: device ? 'one gradient computed twice' : 'bits depend on nothing but IEEE 754',
        },
      },
    ],
  });
  if (restored) directory.event({ ...at, event: 'resumed', fields: { fromRound: restored.round } });
  else
    directory.event({
      ...at,
      event: 'run-started',
      fields: { clients: scenario.clients, rounds: scenario.rounds, transport: fleet.transport },
    });
}

async function conclude(
  scenario: Scenario,
  method: AnyMethod,
  problem: Problem,
  directory: RunDirectory,
  study: Study | null,
  result: RunResult,
  fleet: Fleet,
  options: SessionOptions,
  forecast: readonly string[],
): Promise<SessionResult> {
  const finished = result.stopped !== 'stopped';
  const digest = finished ? digestOf(result, options) : null;
  const at = { t: result.simulatedMs, wallMs: result.wallMs, round: result.roundsDone };
  const rows = directory.rows();
  const record: RunRecord = {
    scenario,
    rows,
    summary: {},
    faultsFired: result.faultsFired,
    stateDigest: digest ?? '',
    ...(options.point ? { point: options.point } : {}),
  };
  const studied = finished
    ? await studyResult(study, { ...record, summary: summaryOf(record, result, fleet) }, result)
    : null;
  for (const text of studied?.notes ?? []) options.watcher?.note(text);
  const posterior = await concludePosterior(scenario, problem, directory);
  const summary = { ...summaryOf(record, result, fleet), ...posterior?.figures, ...studied?.summary };
  const complete = { ...record, summary };
  const expectations = await loadExpectations();
  const verdict: Verdict = finished
    ? judge([complete], scenario.expect, (name) => expectations.get(name))
    : { valid: 'unknown', expectations: [] };
  directory.event(
    finished
      ? { ...at, event: 'finished', fields: { rounds: result.roundsDone, stateDigest: digest } }
      : { ...at, event: 'stopped', fields: { reason: 'by the user' } },
  );
  const privacy = fleet.privacy.result();
  if (result.stopped === 'budget')
    options.watcher?.note(`stopped after round ${result.roundsDone}: another round would pass the privacy budget`);
  if (privacy?.notPrivate) options.watcher?.note(`NOT PRIVATE. ${privacy.notPrivate}`);
  for (const warning of fleet.privacy.warnings()) options.watcher?.note(warning);
  directory.updateManifest({
    ...(privacy?.notPrivate ? { notPrivate: privacy.notPrivate } : {}),
    finishedAt: finished ? new Date().toISOString() : null,
    roundsDone: result.roundsDone,
    lostClients: result.lostClients,
    stateDigest: digest,
  });
  directory.writeVerdict(verdict);
  if (finished)
    directory.writeFigures({
      summary,
      faultsFired: result.faultsFired,
      ...(options.point ? { point: options.point } : {}),
    });
  const claims = await judgeClaims(scenario.claims, [complete]);
  const reportPath = await writeRunReport({
    scenario,
    method,
    problem,
    directory,
    verdict,
    claims,
    record: complete,
    fleet,
    studied,
    forecast,
    privacy,
    posterior,
  });
  if (!finished)
    throw new GradswarmError(
      'ERR_STOPPED',
      `stopped after round ${result.roundsDone} of ${scenario.rounds}; run 'gradswarm resume ${shown(directory.path)}' to continue`,
    );
  return {
    record: complete,
    outcome: {
      directory: shown(directory.path),
      verdict,
      summary,
      stateDigest: digest ?? '',
      reportPath: shown(reportPath),
      claims,
    },
  };
}

async function studyResult(study: Study | null, record: RunRecord, result: RunResult): Promise<StudyResult | null> {
  if (!study?.finish) return null;
  return study.finish({
    record,
    estimates: result.estimates,
    stateOf: (party) => {
      const bytes = result.records.get(party);
      return bytes ? decodeRecord(party, bytes).state : null;
    },
  });
}

/** Null, with a note of the reason, when a state is not finite: two diverged runs would look equal. */
function digestOf(result: RunResult, options: SessionOptions): string | null {
  try {
    return stateDigest([...result.records].map(([party, bytes]) => [party, digestedRecord(party, bytes)] as const));
  } catch (error) {
    if (!(error instanceof GradswarmError) || error.code !== 'ERR_NOT_FINITE') throw error;
    options.watcher?.note(`no state digest: ${error.message}`);
    return null;
  }
}

function summaryOf(record: RunRecord, result: RunResult, fleet: Fleet): Record<string, Json> {
  const { bytes } = result;
  const summary: Record<string, Json> = {
    rounds: result.roundsDone,
    bytesUp: bytes.up.wire,
    bytesDown: bytes.down.wire,
    bytesPeer: bytes.peer.wire,
    simulatedMs: result.simulatedMs,
    wallMs: Math.round(result.wallMs),
    transport: fleet.transport,
    ended: result.stopped,
  };
  const gap = spectralGapOf(fleet, record.scenario);
  if (gap !== null) summary.spectralGap = gap;
  for (const figure of ['finalLoss', 'finalAccuracy', 'finalConsensusError', 'finalEpsilon']) {
    const value = figureOf(record, figure);
    if (value !== null) summary[figure] = Number.isFinite(value) ? value : String(value);
  }
  const privacy = fleet.privacy.result();
  if (privacy) summary.private = privacy.notPrivate === undefined;
  return summary;
}

/** The method's forecast of the run from public numbers. */
async function forecastOf(scenario: Scenario, { family, partition }: Problem): Promise<readonly string[]> {
  const { name, ...hyperparameters } = scenario.method;
  const forecast = await loadForecast(name);
  if (!forecast) return [];
  return forecast(hyperparameters, {
    rounds: scenario.rounds,
    clientCount: scenario.clients,
    parameterCount: family.parameterCount,
    exampleCounts: partition.shards.map(({ length }) => length),
    delta: scenario.privacy.delta,
    privateNoise: scenario.privacy.noise,
  });
}

/** Relative to where the user is, when that is shorter. */
export function shown(path: string): string {
  const short = relative(process.cwd(), path);
  return short.startsWith('..') ? path : short;
}
