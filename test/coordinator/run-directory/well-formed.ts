/**
 * What is wrong with `xml` as XML, or null: tags must nest, attributes be quoted, and `&` and `<` not stand bare. Covers
 * what Vega writes: no comments, no processing instructions, no CDATA.
 */
export function xmlFault(xml: string): string | null {
  const tag = /<(\/?)([A-Za-z][\w:.-]*)((?:\s+[\w:.-]+="[^"<]*")*)\s*(\/?)>/y;
  const open: string[] = [];
  let position = 0;
  while (position < xml.length) {
    const next = xml.indexOf('<', position);
    const text = xml.slice(position, next < 0 ? xml.length : next);
    if (/&(?!(?:amp|lt|gt|quot|apos|#\d+|#x[0-9a-fA-F]+);)/.test(text)) return `bare & at ${position}`;
    if (open.length === 0 && text.trim() !== '') return `text outside the root at ${position}`;
    if (next < 0) break;
    tag.lastIndex = next;
    const match = tag.exec(xml);
    if (match === null) return `not a tag at ${next}: ${xml.slice(next, next + 60)}`;
    const [whole, closing, name, attributes, empty] = match;
    if (/&(?!(?:amp|lt|gt|quot|apos|#\d+);)/.test(attributes!)) return `bare & in an attribute at ${next}`;
    if (closing === '/') {
      if (open.pop() !== name) return `</${name}> closes another element at ${next}`;
    } else if (empty !== '/') {
      open.push(name!);
    }
    position = next + whole.length;
  }
  return open.length === 0 ? null : `not closed: ${open.join(', ')}`;
}
