import {
  type AnyCoordinatorHalf,
  allClients,
  type ClientIndex,
  type PartyId,
  type ReadonlyVector,
} from '../../protocol/method.js';
import type { PartyReport } from '../../protocol/party/party-report.js';
import type { ClientRow } from '../run-directory/client-metrics.js';
import { clientColumns } from './client-columns.js';
import type { RunLoopOptions } from './run-loop-options.js';

type Estimates = ReadonlyMap<PartyId, readonly ReadonlyVector[]>;

/** A server, as the evaluation of single clients needs it. */
interface Server {
  readonly half: AnyCoordinatorHalf;
  readonly state: object;
}

/**
 * The model of each client: its own estimates, as the server's half completes them; where it has none, the server's. `own`: estimates of
 * clients. A client with neither is left out.
 */
function clientModels(
  clients: readonly ClientIndex[],
  own: Estimates,
  server: Server | null,
): ReadonlyMap<ClientIndex, readonly ReadonlyVector[]> {
  const common = server?.half.estimates?.(server.state) ?? [];
  const models = new Map<ClientIndex, readonly ReadonlyVector[]>();
  for (const client of clients) {
    const estimates = own.get(client) ?? [];
    const completed = server?.half.personal && (estimates.length > 0 ? estimates : [null]);
    const model = completed
      ? completed.map((estimate) => server.half.personal!(server.state, estimate))
      : estimates.length > 0
        ? estimates
        : common;
    if (model.length > 0) models.set(client, model);
  }
  return models;
}

/** What the clients' halves measured in a round, and then what probes did, by client. */
export function measuredRows(parties: readonly PartyReport[]): ClientRow[] {
  const rows = parties.flatMap(({ party, measures }): ClientRow[] =>
    party === 'coordinator' || measures.length === 0 ? [] : [{ client: party, figures: Object.fromEntries(measures) }],
  );
  const probed = new Map<ClientIndex, Record<string, number>>();
  for (const [client, name, value] of parties.flatMap(({ probed }) => probed ?? []))
    probed.set(client, { ...probed.get(client), [name]: value });
  return [...rows, ...[...probed].map(([client, figures]) => ({ client, figures }))];
}

/**
 * `round`: the one whose data counts. Every client's figures but those of the lost, and the columns over all of them. `evaluationBytes`: of the clients' own models that a
 * server needs for it, plain; they are none of the method's messages and not among bytesUp.
 */
export async function clientFigures(
  { scenario, site, evaluateClient }: Pick<RunLoopOptions, 'scenario' | 'site' | 'evaluateClient'>,
  own: Estimates,
  lost: ReadonlySet<ClientIndex>,
  round: number,
): Promise<{ readonly rows: readonly ClientRow[]; readonly columns: Readonly<Record<string, number>> }> {
  if (!evaluateClient) return { rows: [], columns: {} };
  const { client, coordinator } = site.host.halves;
  const server = coordinator && { half: coordinator, state: site.party('coordinator').record.state as object };
  const clients = allClients(scenario.clients).filter((one) => !lost.has(one));
  const rows: ClientRow[] = [];
  for (const [client, model] of clientModels(clients, own, server)) {
    const figures = await evaluateClient(client, model, round);
    if (figures) rows.push({ client, figures });
  }
  const travelled = server && client.estimates ? { evaluationBytes: estimateBytes(own) } : {};
  return { rows, columns: { ...clientColumns(rows), ...travelled } };
}

function estimateBytes(estimates: Estimates): number {
  let sum = 0;
  for (const vectors of estimates.values())
    for (const vector of vectors) sum += vector.length * vector.BYTES_PER_ELEMENT;
  return sum;
}
