import { createHmac } from 'node:crypto';
import { expect } from 'chai';
import { Admission, provenQuery } from '../../../protocol/sockets/admission.js';
import { LIMITS } from '../../../protocol/wire/limits.js';

const TOKEN = 'a token of thirty-two characters';
const queryOf = (admission: Admission, token = TOKEN, role: 'worker' | 'observer' = 'worker') =>
  provenQuery(token, role, admission.challenge());

describe('admission by challenge', () => {
  it('the proof is HMAC-SHA256 of both random numbers and the role; who knows the token is admitted in its role', () => {
    const admission = new Admission(TOKEN);
    const { query, answers } = queryOf(admission, TOKEN, 'observer');
    const { challenge, nonce, proof } = query;
    const expected = (speaker: string) =>
      createHmac('sha256', TOKEN).update(`gradswarm\n${speaker}\nobserver\n${challenge}\n${nonce}`).digest('base64url');
    expect(proof).to.equal(expected('joiner'));
    const proven = admission.admits(new URLSearchParams(query))!;
    expect(proven.role).to.equal('observer');
    expect(proven.answer).to.equal(expected('coordinator'));
    expect(answers(proven.answer)).to.equal(true);
    expect(answers(proof!)).to.equal(false);
  });

  it('a recorded join is refused: a challenge serves once', () => {
    const admission = new Admission(TOKEN);
    const { query } = queryOf(admission);
    expect(admission.admits(new URLSearchParams(query))).not.to.equal(null);
    expect(admission.admits(new URLSearchParams(query))).to.equal(null);
  });

  it('a challenge expires, one of another coordinator and one that was changed are refused', () => {
    let now = 0;
    const admission = new Admission(TOKEN, () => now);
    const { query } = queryOf(admission);
    now = LIMITS.handshakeMs + 1;
    expect(admission.admits(new URLSearchParams(query))).to.equal(null);
    expect(admission.admits(new URLSearchParams(queryOf(new Admission(TOKEN)).query))).to.equal(null);
    const [random, , seal] = admission.challenge().split('.');
    const later = provenQuery(TOKEN, 'worker', `${random}.zzzz.${seal}`).query;
    expect(admission.admits(new URLSearchParams(later))).to.equal(null);
  });

  it('another token, another role than was proven, and anything else are refused', () => {
    const admission = new Admission(TOKEN);
    expect(admission.admits(new URLSearchParams(queryOf(admission, `${TOKEN}!`).query))).to.equal(null);
    const { query } = queryOf(admission, TOKEN, 'observer');
    expect(admission.admits(new URLSearchParams({ ...query, role: 'worker' }))).to.equal(null);
    expect(admission.admits(new URLSearchParams({ ...query, role: 'coordinator' }))).to.equal(null);
    for (const missing of Object.keys(query)) {
      const { [missing]: _, ...rest } = query;
      expect(admission.admits(new URLSearchParams(rest)), missing).to.equal(null);
    }
    for (const challenge of ['', '.', '..', '...', 'x.y.z', '\0'.repeat(9)])
      expect(admission.admits(new URLSearchParams({ ...query, challenge }))).to.equal(null);
  });
});
