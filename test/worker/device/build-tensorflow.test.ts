import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';

const SCRIPT = 'worker/native/build-tensorflow.sh';

describe('worker/native/build-tensorflow.sh', () => {
  it('refuses a folder without @tensorflow/tfjs-node and names what installs it, before it downloads anything', () => {
    const folder = mkdtempSync(join(tmpdir(), 'gradswarm-native-'));
    try {
      const { status, stderr } = spawnSync('sh', [SCRIPT, folder], { encoding: 'utf8' });
      expect(status).to.equal(1);
      expect(stderr).to.contain('expected the package, got nothing; npm install --save-dev --ignore-scripts');
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });
});
