// npm samlp as identity provider: one answer, as the test describes it, from standard input to standard output.
import { readFileSync } from "node:fs";
import samlp from "samlp";
const given = JSON.parse(readFileSync(0, "utf8"));
class Mapper {
  getClaims() { return given.attributes; }
  getNameIdentifier() { return { nameIdentifier: "opaque" }; }
}
const options = { ...given.options, profileMapper: () => new Mapper() };
samlp.getSamlResponse(options, {}, (error, response) => {
  if (error) { console.error(error); process.exit(1); }
  console.log(JSON.stringify({ response: response.toString() }));
});
