/** Vega describes a mark in `aria-label`; a browser shows what stands in `<title>`: the same words. */
export function withTitles(svg: string): string {
  return svg.replace(
    /<path ([^>]*?)aria-label="([^"]*)"([^>]*?)(?:\/>|><\/path>)/g,
    (_, before: string, label: string, after: string) =>
      `<path ${before}aria-label="${label}"${after}><title>${label.replace(/(?<!&#?\w{2,5}); /g, '\n')}</title></path>`,
  );
}
