/** Version of the service, that of `package.json`: what made a number, besides the versions of its formulas. */
export const CODE_VERSION = '0.1.0'
