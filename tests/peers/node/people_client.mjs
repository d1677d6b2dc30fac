// An independent OpenID Connect client (openid-client) as FAPI 2.0 has it: pushed request, PKCE, private_key_jwt, and
// DPoP where the server's metadata name it. It speaks one JSON line at a time on standard input and output.
// In: {issuer, client_id, jwk, redirect_uri, scope}. Out: {address}. In: {callback}. Out: what happened.
import { createInterface } from "node:readline";
import * as client from "openid-client";

const lines = createInterface({ input: process.stdin })[Symbol.asyncIterator]();
const heard = async () => JSON.parse((await lines.next()).value);
const say = (told) => process.stdout.write(JSON.stringify(told) + "\n");

const given = await heard();
const key = await crypto.subtle.importKey("jwk", given.jwk, { name: "ECDSA", namedCurve: "P-256" }, false, ["sign"]);
const config = await client.discovery(
  new URL(given.issuer),
  given.client_id,
  { id_token_signed_response_alg: "ES256", require_pushed_authorization_requests: true },
  client.PrivateKeyJwt({ key, kid: given.jwk.kid }),
  { execute: [client.allowInsecureRequests, client.enableNonRepudiationChecks] },
);
const metadata = config.serverMetadata();
const told = { binds: Boolean(metadata.dpop_signing_alg_values_supported) };
const options = told.binds
  ? { DPoP: client.getDPoPHandle(config, await client.randomDPoPKeyPair("ES256")) }
  : {};

const pkceCodeVerifier = client.randomPKCECodeVerifier();
const expectedState = client.randomState();
const expectedNonce = client.randomNonce();
const address = await client.buildAuthorizationUrlWithPAR(
  config,
  {
    redirect_uri: given.redirect_uri,
    scope: given.scope,
    state: expectedState,
    nonce: expectedNonce,
    code_challenge: await client.calculatePKCECodeChallenge(pkceCodeVerifier),
    code_challenge_method: "S256",
    ...(given.prompt ? { prompt: given.prompt } : {}),
  },
  options,
);
say({ address: address.href });

const { callback } = await heard();
try {
  const checks = { pkceCodeVerifier, expectedState, expectedNonce, idTokenExpected: true };
  const tokens = await client.authorizationCodeGrant(config, new URL(callback), checks, undefined, options);
  told.token_type = tokens.token_type;
  told.claims = tokens.claims();
  told.userinfo = await client.fetchUserInfo(config, tokens.access_token, told.claims.sub, options);
  told.introspection = await client.tokenIntrospection(config, tokens.access_token);
  if (tokens.refresh_token) {
    const renewed = await client.refreshTokenGrant(config, tokens.refresh_token, undefined, options);
    told.renewed = renewed.access_token !== tokens.access_token;
    told.rotated = Boolean(renewed.refresh_token && renewed.refresh_token !== tokens.refresh_token);
    await client.tokenRevocation(config, tokens.refresh_token);
    told.after_revocation = await client.tokenIntrospection(config, renewed.access_token);
  }
} catch (error) {
  told.refused = { error: error.error ?? error.code, description: error.error_description ?? error.message };
}
say(told);
process.exit(0);
