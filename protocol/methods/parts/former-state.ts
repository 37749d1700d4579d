/**
 * Members of states that are no longer read. A run's digest covers them, so they stay, with the values they always had,
 * until a version whose digests are allowed to change; then this file and its uses are deleted.
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
export const FORMER_NOISE = {
  trace: new Float64Array(0),
  signal: new Float64Array(0),
  between: new Float64Array(0),
};
