// An independent OAuth client (openid-client) and verifier (jose) against a running service.
// Standard input: {issuer, client_id, jwk, algorithm, scope}. Standard output: what happened, as JSON.
import { readFileSync } from "node:fs";
import * as jose from "jose";
import * as client from "openid-client";

const given = JSON.parse(readFileSync(0, "utf8"));
const issuer = new URL(given.issuer);
const key = await crypto.subtle.importKey(
  "jwk",
  given.jwk,
  { name: "ECDSA", namedCurve: "P-256" },
  false,
  ["sign"],
);
const config = await client.discovery(
  issuer,
  given.client_id,
  undefined,
  client.PrivateKeyJwt({ key, kid: given.jwk.kid }),
  { algorithm: "oauth2", execute: [client.allowInsecureRequests] },
);
const metadata = config.serverMetadata();
const told = { issuer: metadata.issuer };

const tokens = await client.clientCredentialsGrant(config, { scope: given.scope });
told.token_type = tokens.token_type;
told.expires_in = tokens.expires_in;

const keys = jose.createRemoteJWKSet(new URL(metadata.jwks_uri));
const verified = await jose.jwtVerify(tokens.access_token, keys, {
  issuer: metadata.issuer,
  typ: "at+jwt",
  algorithms: ["ES256"],
  requiredClaims: ["sub", "client_id", "aud", "exp", "iat", "jti", "scope"],
});
told.claims = verified.payload;

told.introspection = await client.tokenIntrospection(config, tokens.access_token);
await client.tokenRevocation(config, tokens.access_token);
told.after_revocation = await client.tokenIntrospection(config, tokens.access_token);

try {
  await client.clientCredentialsGrant(config, { scope: "scope:dimona:declaration:declare" });
  told.refused = null;
} catch (error) {
  told.refused = { error: error.error, description: error.error_description };
}
process.stdout.write(JSON.stringify(told));
