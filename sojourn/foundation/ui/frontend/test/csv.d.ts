// A table of the tests, as its text: run.mjs bundles it so.
declare module "*.csv" {
  const text: string;
  export default text;
}
