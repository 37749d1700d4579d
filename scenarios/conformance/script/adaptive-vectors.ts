/** What adaptive codecs give, computed by test/conformance/expected.py from the text; not edited by hand. */

/** Two gradients of client 2 in rounds 3 and 4 of seed 9 under an adaptive codec, float64, and the memories after the first. */
interface AdaptiveVector {
  readonly meaning: string;
  readonly ladder: readonly { readonly name: string; readonly [setting: string]: unknown }[];
  readonly share: number;
  /** Index of the second message’s codec. */
  readonly level: number;
  readonly bodies: readonly string[];
  readonly memories: string;
}

export const ADAPTIVE_VECTORS: readonly AdaptiveVector[] = [
  {
    meaning: 'becomes coarser where the error is within the share of the variance between two runs of the half',
    ladder: [{ name: 'bf16' }, { name: 'int8-linear' }],
    share: 0.0002536135611469059,
    level: 1,
    bodies: ['3841d0bfda40fa419842613d00', 'bdb1dd4124eb104f7ffa01'],
    memories:
      '0701186c6576656c206772616469656e742f6772616469656e742f0703056c6576656c03020c6d6561737572656d656e747303020b746f6f436f617273654174060203010301',
  },
  {
    meaning: 'does not become coarser where the error is beyond the share of the variance between two runs of the half',
    ladder: [{ name: 'bf16' }, { name: 'int8-linear' }],
    share: 0.00024366793129800758,
    level: 0,
    bodies: ['3841d0bfda40fa419842613d00', 'f94092c05c408a41de41a7bf00'],
    memories:
      '0701186c6576656c206772616469656e742f6772616469656e742f0703056c6576656c03000c6d6561737572656d656e747303020b746f6f436f617273654174060203020301',
  },
  {
    meaning: 'measures a codec that rounds at random by its expected error, not by that of its coins',
    ladder: [
      { name: 'qsgd', levels: 4 },
      { name: 'qsgd', levels: 1 },
    ],
    share: 2.4340085961924385,
    level: 0,
    bodies: ['8feea64244544800', 'a848084245654700'],
    memories:
      '0701186c6576656c206772616469656e742f6772616469656e742f0703056c6576656c03000c6d6561737572656d656e747303020b746f6f436f617273654174060203020301',
  },
];
