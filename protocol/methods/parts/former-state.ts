/**
 * Constants that states of earlier versions held. No state has them now; a run's digest still covers them, so that equal runs of
 * all versions have equal digests. With a version whose digests may change this file and each `digested` go.
 */

/** Clients of QLSD had the state of QLSD++ clients. */
export const FORMER_QLSD_CLIENT = {
  referenceRound: -1,
  references: [] as readonly never[],
  memories: [] as readonly never[],
};

/** The coordinator of QLSD and QLSD* had the state of QLSD++'s. */
export function formerQlsdMemories(clientCount: number): readonly null[] {
  return new Array<null>(clientCount).fill(null);
}

/** Coordinators of SGD, VRGD, AGVM and FedAvg kept the running means of the gradient noise scale, empty where not measured. */
const FORMER_NOISE = {
  trace: new Float64Array(0),
  signal: new Float64Array(0),
  between: new Float64Array(0),
};

/** The coordinator's state of SGD, VRGD, AGVM and FedAvg as the digest covers it. */
export function withFormerNoise(state: object): object {
  return { ...state, noise: FORMER_NOISE };
}
