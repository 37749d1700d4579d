import type { ClientIndex, PartyId } from '../method.js';
import type { Device } from '../scenario/scenario.js';

/** What a client's device costs in simulated time. The coordinator's own work costs none. */
export interface DeviceTime {
  readonly msPerExample: number;
  readonly msPerRound: number;
  readonly nsPerParameterCoded: number;
}

const NO_DEVICE_TIME: DeviceTime = { msPerExample: 0, msPerRound: 0, nsPerParameterCoded: 0 };

/** The device of each party: the last entry that names it. `slowdown`: factor on all of a client's times in a round, at this simulated time of the client. */
export function deviceTimes(
  devices: readonly Device[],
  slowdown: ((client: ClientIndex, round: number, atMs: number) => number) | null,
): (party: PartyId, round: number, atMs?: number) => DeviceTime {
  const byClient = new Map<ClientIndex, DeviceTime>();
  const deviceOf = (client: ClientIndex): DeviceTime => {
    let device = byClient.get(client);
    if (!device) {
      device = devices.findLast(({ clients }) => clients === 'all' || clients.includes(client)) ?? NO_DEVICE_TIME;
      byClient.set(client, device);
    }
    return device;
  };
  return (party, round, atMs = 0) => {
    if (party === 'coordinator') return NO_DEVICE_TIME;
    const device = deviceOf(party);
    const factor = slowdown?.(party, round, atMs) ?? 1;
    if (factor === 1) return device;
    return {
      msPerExample: factor * device.msPerExample,
      msPerRound: factor * device.msPerRound,
      nsPerParameterCoded: factor * device.nsPerParameterCoded,
    };
  };
}
