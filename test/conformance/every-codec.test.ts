import { loadCodec } from '../../protocol/codecs/registry.js';
import { codecClaims } from '../../scenarios/check/codec-claims.js';
import { everyCodecSpec } from '../support/codec-specs.js';

for (const spec of await everyCodecSpec())
  describe(`every codec: ${JSON.stringify(spec)}`, () => {
    for (const { title, run } of codecClaims(() => loadCodec(spec))) it(title, run);
  });
