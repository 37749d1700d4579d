import { allowedOn, type CodecContract } from '../codecs/codec.js';
import { memoryAccepts } from '../codecs/memory.js';
import type { MessageKind } from '../method.js';
import { rootStream } from '../numerics/random.js';
import { join, type Problems } from '../settings/problems.js';
import type { CodecEntry, FaultEntry, MemoryEntry, MethodEntry, ObjectiveEntry, TopologyEntry } from './catalogue.js';
import type { JsonObject, KindCodec, Scenario } from './scenario.js';

export interface FoundCodec {
  readonly codec: KindCodec;
  readonly entry: CodecEntry;
  readonly memory: MemoryEntry | null;
}

/** What the checks need in addition to the scenario: the tables' entries for what it names. */
export interface Found {
  readonly method: MethodEntry;
  readonly objective: ObjectiveEntry;
  /** Names of those that are posteriors. */
  posteriors(): Promise<readonly string[]>;
  readonly topology: TopologyEntry | null;
  readonly codecs: Readonly<Record<string, FoundCodec>>;
  /** Of each rule of the scenario. */
  readonly faults: readonly FaultEntry[];
}

/** Which codec and memory may stand on which kind of message. */
export async function checkCodecs(scenario: Scenario, found: Found, problems: Problems): Promise<void> {
  for (const kind of Object.keys(found.codecs)) {
    const { codec, entry, memory } = found.codecs[kind]!;
    const { name, ...settings } = codec.codec;
    const declared = found.method.messages[kind]!;
    const path = `codecs.${kind}`;
    try {
      const contract = await entry.contract(settings);
      const omega = entry.omega?.(settings);
      checkCodec(kind, declared, name, contract, join(path, 'codec'), problems);
      if (memory?.needs && !memoryAccepts({ needs: memory.needs }, { contract, ...(omega !== undefined && { omega }) }))
        problems.add(
          join(path, 'codec'),
          `${accepted(memory.needs)}, which '${codec.memory?.name}' needs`,
          name,
          promised(contract),
        );
    } catch (error) {
      problems.report(join(path, 'codec'), error);
    }
    if (declared.from === 'coordinator' && hasLevels(entry, settings))
      problems.add(
        join(path, 'codec'),
        'a codec of one level: only messages from clients vary with their batches',
        name,
      );
    if (memory) checkMemory(kind, codec.memory?.name ?? '', declared, memory, scenario, found, problems);
  }
}

function checkCodec(
  kind: string,
  { lossy }: MessageKind,
  name: string,
  contract: CodecContract,
  path: string,
  problems: Problems,
): void {
  if (allowedOn({ from: 'clients', to: 'coordinator', ...(lossy && { lossy }) }, contract)) return;
  const accepted = lossy === undefined ? 'a lossless codec' : `a lossless or ${lossy} codec`;
  problems.add(path, `${accepted}, since message '${kind}' accepts no other`, name, promised(contract));
}

/** What follows the name of a codec that is refused for its contract. */
function promised(contract: CodecContract): string {
  return contract === 'none' ? ', which is neither lossless, unbiased nor contractive' : `, which is ${contract}`;
}

/** An unbiased codec with omega below 1 passes too, being contractive as it is. */
function accepted(needs: NonNullable<MemoryEntry['needs']>): string {
  return needs === 'contractive' ? 'a contractive codec' : 'a contractive or absolute codec';
}

function checkMemory(
  kind: string,
  name: string,
  declared: MessageKind,
  memory: MemoryEntry,
  scenario: Scenario,
  found: Found,
  problems: Problems,
): void {
  const path = `codecs.${kind}.memory`;
  if (declared.memory === 'method')
    problems.add(path, `null, since '${scenario.method.name}' keeps what compression leaves out`, name);
  else if (declared.lossy === undefined)
    problems.add(path, `null, since '${kind}' allows no lossy codec that could leave anything out`, name);
  else if (declared.lossy === 'unbiased')
    problems.add(path, `null, since '${kind}' must be unbiased and what a memory adds is not`, name);
  if (!memory.hasReplicas) return;
  const why = missedMessages(declared, scenario, found);
  if (why) problems.add(path, `a memory without copies at the receivers, since ${why}`, name);
}

/** Why a receiver may miss a message, or null. An uplink that is missed voids its sender's round: both sides stay as they were. */
function missedMessages({ to }: MessageKind, scenario: Scenario, found: Found): string | null {
  const { participation, faults, workers } = scenario;
  const resetting = faults.find((rule, index) => found.faults[index]!.losesState?.(rule));
  if (resetting) return `clients begin with a new memory under the fault '${resetting.fault}'`;
  if (to === 'coordinator') return null;
  const losing = faults.find((_, index) => found.faults[index]!.losesMessages);
  if (losing) return `receivers miss messages under the fault '${losing.fault}'`;
  if (scenario.energy?.some(({ battery }) => battery)) return 'clients with an empty battery are absent';
  if (participation.cohort !== 'all' || participation.sampling !== 'fixed' || found.method.cohort)
    return 'not every client takes part in every round';
  if (participation.deadlineMs !== null || (participation.first ?? null) !== null)
    return 'a deadline makes rounds of late clients void';
  if (workers.onLoss === 'absent') return "workers.onLoss 'absent' continues without clients";
  if (found.method.schedule === 'meetings') return 'a client meets one neighbour at a time';
  if (to === 'peers' && graphChanges(scenario, found)) return 'the graph changes from round to round';
  return null;
}

/** Does the codec choose among several levels by measurements? What cannot be made is reported by the checks of its own settings. */
export function hasLevels({ hasLevels }: CodecEntry, settings: JsonObject): boolean {
  try {
    return hasLevels?.(settings) ?? false;
  } catch {
    return false;
  }
}

function graphChanges({ topology, clients, seed, precision }: Scenario, { topology: entry }: Found): boolean {
  if (!topology) return false;
  const { name: _, ...settings } = topology;
  try {
    return entry?.changes?.(settings, clients, rootStream(seed, precision).derive('topology')) ?? false;
  } catch {
    return false;
  }
}
