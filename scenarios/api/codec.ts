/** Codecs and codec memories of one's own. */

export {
  type Codec,
  type CodecContract,
  type CodecFamily,
  type CodecSpec,
  defineCodec,
} from '../../protocol/codecs/codec.js';
export { defineMemory, type Memory, type MemoryFamily } from '../../protocol/codecs/memory.js';
export { buildCodec, codec } from '../../protocol/codecs/registry.js';
export * from './settings.js';
export * from './vectors.js';
