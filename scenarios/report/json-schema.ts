import { loadMethod } from '../../protocol/method-loader.js';
import { scenarioSettings, sweepSettings } from '../../protocol/scenario/schema.js';
import { kindCodecSettings } from '../../protocol/scenario/schema-parts.js';
import type { JsonObject } from '../../protocol/settings/plain-data.js';
import type { Settings } from '../../protocol/settings/settings.js';
import { weightSettings } from '../../protocol/topology/topology.js';
import { EXTENSION_POINTS } from '../plug-ins/extension-points.js';
import { loadAllRules, methodNames } from '../run/catalogue.js';

interface Thing {
  readonly name: string;
  readonly summary?: string;
  readonly source?: string;
  readonly paper?: { readonly title: string };
  readonly settings?: Settings<object>;
}

type ObjectSchema = ReturnType<Settings<object>['schema']>;

/** A path of a module of one's own in place of a name. */
const MODULE_PATH = { type: 'string', pattern: '^\\.{1,2}/' };

/** A JSON Schema of what a person writes, scenario or sweep, with every name that this process knows. For editors. */
export async function scenarioSchema(): Promise<JsonObject> {
  await loadAllRules();
  await Promise.all(methodNames().map(loadMethod));
  const named = EXTENSION_POINTS.map((point) => {
    const things = point.names().map((name) => point.get(name) as Thing);
    return [point.kind, anyNamed(things, point.kind)] as const;
  });
  return {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    title: 'A scenario or sweep of gradswarm',
    if: { type: 'object', anyOf: [{ required: ['sweep'] }, { required: ['base'] }] },
    // biome-ignore lint/suspicious/noThenProperty: a keyword of JSON Schema.
    then: sweepSchema(),
    else: scenarioPart(scenarioSettings.schema(), ['method', 'data']),
    $defs: Object.fromEntries(named),
  };
}

/** `needed`: what has no default. A scenario and a sweep have the name of their file. */
function scenarioPart({ properties, ...rest }: ObjectSchema, needed: readonly string[]): JsonObject {
  const codec = { anyOf: [{ $ref: '#/$defs/codec' }, kindCodecSettings.schema()] };
  return {
    ...rest,
    properties: {
      $schema: { type: 'string' },
      ...properties,
      use: {
        type: 'array',
        items: { anyOf: [{ type: 'string' }, { type: 'object' }] },
        description: "Modules of one's own",
      },
      initial: {
        ...(properties.initial as JsonObject),
        anyOf: [{ type: 'string' }, { type: 'object' }, { type: 'null' }],
      },
      objective: withoutName(properties.objective as JsonObject),
      codecs: { ...(properties.codecs as JsonObject), additionalProperties: codec },
    },
    required: needed,
  };
}

/** Settings without a name belong to what would be taken without them. */
function withoutName(schema: JsonObject): JsonObject {
  return { anyOf: [{ type: 'object', not: { required: ['name'] } }, schema] };
}

function sweepSchema(): JsonObject {
  const { properties, ...rest } = sweepSettings.schema();
  const base = scenarioPart(scenarioSettings.schema(), []);
  return {
    ...rest,
    properties: { $schema: { type: 'string' }, ...properties, base },
    required: ['base'],
    anyOf: [{ required: ['over'] }, { required: ['seeds'] }],
  };
}

/** A name, or an object with the name and the settings of the thing that has it. */
function anyNamed(things: readonly Thing[], kind: string): JsonObject {
  const key = kind === 'fault' ? 'fault' : 'name';
  const names = things.map(({ name }) => name);
  const name = { anyOf: [{ enum: names }, MODULE_PATH] };
  const object = {
    type: 'object',
    required: [key],
    properties: { [key]: name },
    allOf: things.map((thing) => ({
      if: { properties: { [key]: { const: thing.name } }, required: [key] },
      // biome-ignore lint/suspicious/noThenProperty: a keyword of JSON Schema.
      then: settingsOf(thing, kind, key),
    })),
  };
  // biome-ignore lint/suspicious/noThenProperty: a keyword of JSON Schema.
  return kind === 'fault' ? object : { if: { type: 'string' }, then: name, else: object };
}

function settingsOf({ name, summary, source, paper, settings }: Thing, kind: string, key: string): JsonObject {
  const own = kind === 'topology' ? settings?.under(weightSettings) : settings;
  const { properties, required } = own?.schema() ?? { properties: {}, required: [] };
  return {
    properties: {
      [key]: { const: name, description: summary ?? paper?.title ?? source ?? '' },
      ...properties,
      ...(kind === 'dataset' && { partition: withoutName({ $ref: '#/$defs/partition' }) }),
      ...(kind === 'expectation' && { where: { type: 'object' } }),
    },
    required,
    additionalProperties: false,
  };
}
