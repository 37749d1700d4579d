import { GradswarmError } from '../errors.js';
import type { Codec, CodecFamily, CodecSpec } from './codec.js';
import type { Memory, MemoryFamily } from './memory.js';
import { completeSettings, isCodecSpec } from './settings.js';

/** A codec or memory is found by its file's name; there is no list to edit. */

async function importDefault(folder: 'codecs' | 'memories', name: string): Promise<unknown> {
  const what = folder === 'codecs' ? 'codec' : 'memory';
  let cause: unknown;
  // The pattern keeps a scenario from naming a path.
  if (/^[a-z0-9-]+$/.test(name)) {
    const path = folder === 'codecs' ? `./${name}.js` : `./memories/${name}.js`;
    try {
      const { default: family } = (await import(new URL(path, import.meta.url).href)) as {
        default?: { name?: unknown };
      };
      if (family?.name === name) return family;
    } catch (error) {
      cause = error;
    }
  }
  throw new GradswarmError('ERR_CODEC_UNKNOWN', `no ${what} is called '${name}'`, { cause });
}

/** Throws ERR_CODEC_UNKNOWN. */
export async function loadCodecFamily(name: string): Promise<CodecFamily> {
  return (await importDefault('codecs', name)) as CodecFamily;
}

/** Builds a codec from families that are already there: `load` gives the family of a name. Throws ERR_SCENARIO. */
export function buildCodec(spec: CodecSpec, load: (name: string) => CodecFamily): Codec {
  const family = load(spec.name);
  const settings = completeSettings(`codec ${family.name}`, family.defaults, spec);
  return family.create(settings, (nested) => buildCodec(nested, load));
}

/** Loads the families that a spec names, nested ones and defaults included, and builds the codec. */
export async function loadCodec(spec: CodecSpec): Promise<Codec> {
  const loaded = new Map<string, CodecFamily>();
  const load = async (needed: CodecSpec): Promise<void> => {
    const family = await loadCodecFamily(needed.name);
    loaded.set(family.name, family);
    for (const setting of Object.values(completeSettings(`codec ${family.name}`, family.defaults, needed)))
      for (const nested of Array.isArray(setting) ? setting : [setting]) if (isCodecSpec(nested)) await load(nested);
  };
  await load(spec);
  return buildCodec(spec, (name) => loaded.get(name)!);
}

/** The memory that a spec such as { name: 'dgc', momentum: 0.9 } names. Throws ERR_CODEC_UNKNOWN, ERR_SCENARIO. */
export async function loadMemory(spec: CodecSpec): Promise<Memory> {
  const family = (await importDefault('memories', spec.name)) as MemoryFamily;
  return family.create(completeSettings(`memory ${family.name}`, family.defaults, spec));
}
