import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { expect } from 'chai';
import { packageRecord } from '../../../coordinator/run-directory/manifest.js';
import { pythonWith } from '../python.js';

describe('scenarios/swarm/kubernetes.yaml', () => {
  it('follows the schemas of Kubernetes 1.37', function () {
    const python = pythonWith(['kubernetes-validate==1.37.0', 'PyYAML']);
    if (!python) return this.skip();
    const script = `
import sys, yaml, kubernetes_validate
documents = list(yaml.safe_load_all(open(sys.argv[1])))
for document in documents:
    kubernetes_validate.validate(document, '1.37', strict=True)
print(len(documents))
`;
    const file = join(packageRecord().root, 'scenarios', 'swarm', 'kubernetes.yaml');
    const { status, stdout, stderr } = spawnSync(python, ['-c', script, file], { encoding: 'utf8' });
    expect(status, stderr).to.equal(0);
    expect(stdout.trim()).to.equal('5');
  });
});
