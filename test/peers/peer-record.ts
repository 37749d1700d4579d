/** Something that was computed here, with all that is needed to compute it again in numpy. */
export interface PeerRecord {
  readonly item: string;
  /** Function of test/peers/numpy that computes it again. */
  readonly by: string;
  /** Largest difference that passes. */
  readonly limit: number;
  /** What `limit` is in; left out: relative. */
  readonly unit?: 'standard errors' | 'cases';
  readonly [given: string]: unknown;
}
