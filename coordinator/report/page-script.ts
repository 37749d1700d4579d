import { createHash } from 'node:crypto';

/**
 * The only script of a page: the links that say PNG draw their picture, twice as large, on white paper. A page works without it.
 */
export const PAGE_SCRIPT = `
for (const link of document.querySelectorAll('a[data-png]')) link.addEventListener('click', (event) => {
  event.preventDefault();
  const svg = link.closest('figure').querySelector('svg');
  const copy = svg.cloneNode(true);
  const box = svg.viewBox.baseVal;
  copy.setAttribute('width', 2 * box.width);
  copy.setAttribute('height', 2 * box.height);
  copy.style.color = '#1a1a1a';
  const picture = new Image();
  picture.onload = () => {
    const canvas = Object.assign(document.createElement('canvas'), { width: 2 * box.width, height: 2 * box.height });
    const paper = canvas.getContext('2d');
    paper.fillStyle = '#fff';
    paper.fillRect(0, 0, canvas.width, canvas.height);
    paper.drawImage(picture, 0, 0);
    Object.assign(document.createElement('a'), { href: canvas.toDataURL('image/png'), download: link.dataset.png }).click();
  };
  picture.src = 'data:image/svg+xml;charset=utf-8,' + encodeURIComponent(new XMLSerializer().serializeToString(copy));
});
`;

/** A page runs that script and nothing else, and loads nothing. */
export const PAGE_POLICY = `default-src 'none'; style-src 'unsafe-inline'; img-src data:; script-src 'sha256-${createHash('sha256').update(PAGE_SCRIPT).digest('base64')}'`;
