/** Diagonal quadratics f_i(x) = sum_j a_ij (x_j - c_ij)^2 / 2 of eight clients whose minimisers are far apart. */
export const CURVATURES = [
  [0.5, 2.0, 1.1],
  [0.7, 0.6, 1.9],
  [1.0, 1.3, 0.5],
  [1.4, 0.9, 0.8],
  [1.8, 0.5, 1.5],
  [2.0, 1.7, 0.6],
  [0.6, 1.1, 1.2],
  [1.2, 0.8, 2.0],
];

export const CENTRES = [
  [3, -1, 2],
  [-2, 4, 0],
  [1, 1, -3],
  [0, -2, 5],
  [-4, 3, 1],
  [2, 0, -1],
  [5, -3, 2],
  [-1, 2, -4],
];
