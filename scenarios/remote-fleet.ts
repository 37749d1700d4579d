import type { AnyMethod } from '../protocol/method.js';
import type { Scenario } from '../protocol/scenario/scenario.js';
import type { Workshop } from '../worker/workshop.js';
import type { Fleet, FleetOptions } from './fleet.js';
export async function remoteFleet(
  _scenario: Scenario,
  _method: AnyMethod,
  _workshop: Workshop,
  _options: FleetOptions,
): Promise<Fleet> {
  throw new Error('soon');
}
