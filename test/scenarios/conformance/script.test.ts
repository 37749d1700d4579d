import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import { FrameReader, frameOf } from '../../../scenarios/conformance/script/frames.js';
import { proofOf } from '../../../scenarios/conformance/script/proof.js';
import { PLAIN_READ, scenarioOf } from '../../../scenarios/conformance/script/scenario.js';
import { openProblem } from '../../../worker/problem.js';

const VECTORS = fileURLToPath(new URL('../../../../test/vectors/frames.json', import.meta.url));
const LOSSES = [null, 'crashed', 'dropped', 'late', 'rejected', 'aborted'];

interface Vector {
  readonly name: string;
  readonly header: string;
  readonly body: string;
  readonly frame: {
    readonly kindIndex: number;
    readonly round: number;
    readonly step: number;
    readonly attempt: number;
    readonly from: number | 'coordinator';
    readonly to: number | 'coordinator';
    readonly arrivesAtMs: number;
    readonly lost: string | null;
    readonly messageCount: number;
  };
}

const { frames } = JSON.parse(readFileSync(VECTORS, 'utf8')) as { frames: readonly Vector[] };
const bytes = (text: string): Buffer => Buffer.from(text.replaceAll(' ', ''), 'hex');
const number = (party: number | 'coordinator'): number => (party === 'coordinator' ? -1 : party);

describe('the script layer of the conformance kit', () => {
  for (const { name, header, body, frame } of frames)
    it(`writes and reads the vector '${name}' byte for byte`, () => {
      const { kindIndex, messageCount, lost, from, to, ...rest } = frame;
      const fields = { ...rest, kind: kindIndex, messages: messageCount, lost: LOSSES.indexOf(lost) };
      const message = frameOf({ ...fields, from: number(from), to: number(to) }, bytes(body));
      expect(Buffer.from(message).toString('hex')).to.equal(
        bytes(header).toString('hex') + bytes(body).toString('hex'),
      );
      expect(new FrameReader().read(message)).to.deep.include({ ...fields, from: number(from), to: number(to) });
    });

  it('proves as RFC 2104 has it: a value of another implementation of HMAC', () => {
    // printf 'gradswarm\njoiner\nworker\nc\nn' | openssl dgst -sha256 -hmac key -binary | base64
    expect(proofOf('key', 'joiner', 'worker', 'c', 'n')).to.equal('HOff_6JZ9rYBwyAuXQOVg79ThY03iNgNynXzeP_rQ74');
  });

  it('knows by hand what its run reads', async () => {
    expect((await openProblem(await scenarioOf())).fingerprint).to.deep.equal(PLAIN_READ);
  });
});
