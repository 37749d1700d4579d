import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { Conversion } from '../../../protocol/privacy/accounting/conversion.js';
import type { OrderGrid } from '../../../protocol/privacy/accounting/orders.js';

type Expected = Readonly<Record<string, { readonly epsilon: number; readonly order: number; readonly raw?: number }>>;
interface Group {
  readonly q: number;
  readonly sigma: number;
  readonly steps: number;
}

/** Reference values computed with 34 to 40 digits, independently of any library. sigma: noise multiplier in rdp_*. */
export interface Vectors {
  readonly rdp_epsilon: readonly (Group & {
    readonly id: string;
    readonly delta: number;
    readonly epsilon: Expected;
  })[];
  readonly rdp_order: readonly { id: string; q: number; sigma: number; order: number; rdp: number }[];
  readonly rdp_mixed: readonly { id: string; groups: readonly Group[]; delta: number; epsilon: Expected }[];
  readonly analytic_gaussian: readonly {
    id: string;
    kind: 'sigma' | 'delta' | 'epsilon';
    epsilon: number;
    delta: number;
    sensitivity: number;
    sigma: number;
    classic_sigma?: number;
  }[];
  readonly gaussian_composition: readonly {
    id: string;
    groups: readonly { steps: number; sensitivity: number; sigma: number }[];
    delta: number;
    rho_zcdp: number;
    mu_gdp: number;
    epsilon_exact: number;
    epsilon_rdp_opacus_tight: number;
    order: number;
    epsilon_rdp_best_order: number;
    epsilon_zcdp_classic: number;
  }[];
  readonly diff2_calibration: readonly {
    id: string;
    epsilon: number;
    delta: number;
    R: number;
    T: number;
    n_min: number;
    P: number;
    u: number;
    alpha: number;
    sigma1_paper: number;
    sigma2_paper: number | null;
    n_full: number;
    n_diff: number;
    mu_spent: number;
    rho_spent: number;
    epsilon_classic_at_alpha: number;
    epsilon_rdp_opacus_tight: number;
    epsilon_exact: number;
    sigma1_exact_calibration: number;
    sigma2_exact_calibration: number | null;
  }[];
  readonly one_run_audit: readonly {
    id: string;
    m: number;
    r: number;
    v: number;
    delta: number;
    p: number;
    epsilon?: number;
    epsilon_lower?: number;
  }[];
  readonly noise_calibration: readonly {
    id: string;
    q: number;
    steps: number;
    epsilon: number;
    delta: number;
    grid: OrderGrid;
    conversion: Conversion;
    sigma: number;
  }[];
  readonly edge_cases: readonly (Group & { id: string; delta: number; epsilon: number | 'Infinity' })[];
}

// The file is read from the sources: the build does not copy it.
const path = fileURLToPath(new URL('../../../../test/vectors/dp-rdp.json', import.meta.url));
export const vectors = JSON.parse(readFileSync(path, 'utf8')) as Vectors;

/** |got - expected| / |expected|; the absolute difference where 0 is expected. */
export function relativeError(got: number, expected: number): number {
  return got === expected ? 0 : Math.abs(got - expected) / (expected === 0 ? 1 : Math.abs(expected));
}

/** 'opacus/tight' -> its two halves. */
export function gridAndConversion(name: string): { readonly orders: OrderGrid; readonly conversion: Conversion } {
  const [orders, conversion] = name.split('/');
  return { orders: orders as OrderGrid, conversion: conversion as Conversion };
}
