/** Ends the address of a module that is loaded by the hooks; those that it imports by path get it too. */
export const OWN = '?own';

/** Begins an import that answers with the address of a package's module. */
export const ADDRESS_OF = 'gradswarm-address:';
