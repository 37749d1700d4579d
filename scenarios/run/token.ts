/** Environment variable that holds a run's token. */
export const TOKEN_VARIABLE = 'GRADSWARM_TOKEN';
