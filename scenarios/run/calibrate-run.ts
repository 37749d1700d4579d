import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { percentile } from '../../coordinator/run/client-columns.js';
import { readTimes } from '../../coordinator/run-directory/times.js';
import { GradswarmError } from '../../protocol/errors.js';
import type { AnyMethod } from '../../protocol/method.js';
import { methods } from '../../protocol/method-loader.js';
import { resolveScenario } from '../../protocol/scenario/resolve.js';
import type { Scenario } from '../../protocol/scenario/scenario.js';
import { withPlugIns } from '../plug-ins/use.js';
import { overviewOf } from '../recorded-runs/overview.js';
import { type Calibration, calibrate, type MeasuredTimes, slower } from './calibration.js';
import { loadCatalogue } from './catalogue.js';
import { type Loaded, loadScenario } from './load.js';
import { localFleet } from './local-fleet.js';
import { runFleet } from './run-fleet.js';
import { type Read, whatIsRead } from './what-is-read.js';

/** Fewest measured rounds: the first is slower than the others, and medians are to leave it out. */
const FEWEST_ROUNDS = 5;
/** They set what is fitted, or hold frames back in the run only. */
const TIMED_FAULTS = ['delay', 'slow', 'speed-trace', 'bandwidth-trace', 'availability-trace'];

/** How far simulated times of rounds are from the measured ones. */
export interface Agreement {
  readonly rounds: number;
  /** Of |simulated - measured| / measured, over rounds. */
  readonly medianError: number;
  readonly error90: number;
  /** Of all of these rounds together, ms. */
  readonly measuredMs: number;
  readonly simulatedMs: number;
}

export interface Calibrated extends Calibration {
  readonly agreement: Agreement;
}

/**
 * Device and link models of a recorded run over sockets, and how far its own scenario, simulated under them with no gradient computed, is from
 * what was measured. The coordinator has no device: what its own work adds to a round is in `msPerRound` of all. Throws ERR_CHECKPOINT where there is
 * no run, ERR_USAGE where its times cannot be fitted, ERR_SCENARIO where timing alone cannot simulate it.
 */
export async function calibrateRun(directory: string, latencyMs: number | null): Promise<Calibrated> {
  const path = folderOf(directory);
  const input = await loadScenario(directory);
  await refuseMethod(input, directory);
  const times = measuredTimes(directory, path);
  refuseTimedFaults(input);
  const read = await readTimingOnly(input, directory, Math.max(...times.map(({ round }) => round)));
  const measured = new Map(times.map(({ round, roundMs }) => [round, roundMs]));
  const parts = calibrate(times, latencyMs);
  const left = [...(await simulated(read, parts, measured))].map(([round, ms]) => measured.get(round)! - ms);
  const found = rounded(slower(parts, Math.max(0, quantile(left, 0.5))));
  return { ...found, agreement: agreementOf(measured, await simulated(read, found, measured)) };
}

const refusal = (directory: string, expected: string, got: string) =>
  new GradswarmError('ERR_USAGE', `${directory}: expected ${expected}, got ${got}`);

function folderOf(directory: string): string {
  const { kind, path } = overviewOf(directory);
  if (kind === 'sweep') throw refusal(directory, 'the directory of one run', 'a sweep; give that of one of its points');
  return path;
}

function measuredTimes(directory: string, path: string): MeasuredTimes[] {
  const file = join(path, 'times.csv');
  const times = readTimes(file);
  const rounds = new Set(times.map(({ round }) => round)).size;
  if (!existsSync(file) || rounds === 0)
    throw refusal(
      directory,
      'a run over sockets (--workers or --listen) of rounds that a coordinator leads',
      'one without measured times (times.csv)',
    );
  if (rounds < FEWEST_ROUNDS) throw refusal(directory, `at least ${FEWEST_ROUNDS} measured rounds`, `${rounds}`);
  return times;
}

/** Methods whose rounds are not measured, or not simulated by timing alone. */
async function refuseMethod(input: Loaded, folder: string): Promise<void> {
  const { method } = input as unknown as { readonly method?: Scenario['method'] };
  if (!method) return;
  await withPlugIns(input, folder);
  const { name } = method;
  await methods.load(name);
  const found = methods.find(name);
  const why = found && reasonAgainst(found);
  if (why)
    throw new GradswarmError(
      'ERR_USAGE',
      `${folder}: expected a method whose rounds can be timed, got '${name}': ${why}`,
    );
}

function reasonAgainst({ schedule, coordinator, isPrivate, needsPosterior }: AnyMethod): string | null {
  const instead = 'measure a run of the same model and clients with';
  if (schedule === 'tasks')
    return `its clients work on tasks that span server steps, so that no step waits for its messages; ${instead} 'fedavg', and use its devices and links`;
  if (schedule === 'meetings' || !coordinator)
    return `peers wait for each other, so that no process sees both ends of a round; ${instead} 'fedavg', and use its devices and links`;
  if (isPrivate)
    return `timing alone draws no noise and keeps no ledger, and would simulate another run; ${instead} 'fedavg' or 'sgd', which send as much`;
  if (needsPosterior) return `timing alone draws no samples; ${instead} 'sgd', which sends as much`;
  return null;
}

function refuseTimedFaults(input: Loaded): void {
  const { faults = [] } = input as unknown as Pick<Scenario, 'faults'>;
  const timed = faults.find(({ fault }) => TIMED_FAULTS.includes(fault));
  if (timed)
    throw new GradswarmError(
      'ERR_USAGE',
      `faults: expected none that sets times (${TIMED_FAULTS.join(', ')}), got '${timed.fault}'; measure a run without it`,
    );
}

/** The recorded scenario as timing alone takes it. */
async function readTimingOnly(input: Loaded, folder: string, rounds: number): Promise<Read> {
  const bare = {
    ...input,
    ...{ rounds, timingOnly: true, clock: 'virtual', workers: {}, evaluation: { everyRounds: rounds } },
    ...{ checkpoints: { everyRounds: null }, expect: [], claims: [], measure: [] },
    ...{ stopWhen: null, keepBest: null, saveModel: null, study: null, energy: null, changed: null },
  } as unknown as Loaded;
  const scenario = await resolveScenario((await withPlugIns(bare, folder)) as never, await loadCatalogue());
  return whatIsRead(scenario);
}

/** Simulated milliseconds of each of these rounds. */
async function simulated(
  { scenario, method, problem }: Read,
  { devices, links }: Calibration,
  rounds: ReadonlyMap<number, number>,
): Promise<Map<number, number>> {
  const timed: Scenario = {
    ...scenario,
    devices: devices.map((device) => ({ nsPerParameterCoded: 0, ...device })),
    links: links.map((link) => ({ from: 'all', to: 'all', kind: null, jitterMs: 0, retransmitMs: null, ...link })),
  };
  const fleet = await localFleet(timed, method, problem);
  const found = new Map<number, number>();
  let beforeMs = 0;
  await runFleet(fleet, timed, problem, ({ round, simulatedMs }) => {
    if (rounds.has(round)) found.set(round, simulatedMs - beforeMs);
    beforeMs = simulatedMs;
  });
  return found;
}

function agreementOf(measured: ReadonlyMap<number, number>, found: ReadonlyMap<number, number>): Agreement {
  const pairs = [...found].map(([round, ms]) => [ms, measured.get(round)!] as const);
  const errors = pairs.map(([ms, real]) => Math.abs(ms - real) / real);
  const sum = (which: 0 | 1) => pairs.reduce((total, pair) => total + pair[which], 0);
  return {
    rounds: pairs.length,
    medianError: quantile(errors, 0.5),
    error90: quantile(errors, 0.9),
    measuredMs: sum(1),
    simulatedMs: sum(0),
  };
}

function quantile(values: readonly number[], share: number): number {
  return percentile(
    [...values].sort((a, b) => a - b),
    share,
  );
}

/** Four digits: what is stated is what is printed. */
function rounded({ devices, links, bandwidth }: Calibration): Calibration {
  const digits = (value: number) => Number(value.toPrecision(4));
  return {
    devices: devices.map(({ clients, msPerExample, msPerRound }) => ({
      ...{ clients, msPerExample: digits(msPerExample), msPerRound: digits(msPerRound) },
    })),
    links: links.map(({ direction, bandwidthMbps, latencyMs }) => ({
      ...{
        direction,
        latencyMs: digits(latencyMs),
        bandwidthMbps: bandwidthMbps === null ? null : digits(bandwidthMbps),
      },
    })),
    bandwidth,
  };
}
