import { NamedModules, named, readSpec } from '../settings/named-modules.js';
import type { Required, SettingOf } from '../settings/setting.js';
import type { Codec, CodecFamily, CodecSpec } from './codec.js';
import type { Memory, MemoryFamily } from './memory.js';

/** The codecs that are loaded: the default exports of this folder. */
// biome-ignore lint/suspicious/noExplicitAny: every codec has its own type of settings.
export const codecs = new NamedModules<CodecFamily<any>>('codec', 'a codec', [new URL('./', import.meta.url)]);

/** The memories that are loaded: the default exports of memories/. */
// biome-ignore lint/suspicious/noExplicitAny: every memory has its own type of settings.
export const memories = new NamedModules<MemoryFamily<any>>('memory', 'a memory', [
  new URL('./memories/', import.meta.url),
]);

/** A setting that names a codec, with its settings beside the name. */
export function codec<const D extends CodecSpec | null | Required>(
  byDefault: D,
  meaning: string,
): SettingOf<CodecSpec, D> {
  return named(codecs, byDefault, meaning) as SettingOf<CodecSpec, D>;
}

/** A codec whose family, and those of its inner codecs, were loaded before. Throws ERR_SCENARIO. */
export function buildCodec(spec: CodecSpec): Codec {
  const { family, settings } = readSpec(codecs, spec);
  return family.create(settings);
}

/** Loads the families that a spec names, inner ones and defaults included, and builds the codec. Throws ERR_SCENARIO. */
export async function loadCodec(spec: CodecSpec): Promise<Codec> {
  await codecs.loadSpec(spec);
  return buildCodec(spec);
}

/** The memory that a spec such as { name: 'dgc', momentum: 0.9 } names. Throws ERR_SCENARIO. */
export async function loadMemory(spec: CodecSpec): Promise<Memory> {
  await memories.loadSpec(spec);
  const { family, settings } = readSpec(memories, spec);
  return family.create(settings);
}
