// The token peer: oidc-provider as its documentation shows it, with one client that authenticates by private_key_jwt.
// Standard input: {port, client_id, jwks, signing, resource, scope}. Clients and replay memory are kept in memory,
// its default; access tokens are signed JWTs (ES256), as ours are.
import { readFileSync } from "node:fs";
import { Provider } from "oidc-provider";

const given = JSON.parse(readFileSync(0, "utf8"));
const issuer = `http://127.0.0.1:${given.port}`;
const provider = new Provider(issuer, {
  clients: [
    {
      client_id: given.client_id,
      grant_types: ["client_credentials"],
      redirect_uris: [],
      response_types: [],
      token_endpoint_auth_method: "private_key_jwt",
      token_endpoint_auth_signing_alg: "ES256",
      id_token_signed_response_alg: "ES256",
      jwks: given.jwks,
      scope: given.scope,
    },
  ],
  clientAuthMethods: ["private_key_jwt"],
  jwks: { keys: [given.signing] },
  scopes: [given.scope],
  features: {
    devInteractions: { enabled: false },
    clientCredentials: { enabled: true },
    resourceIndicators: {
      enabled: true,
      defaultResource: () => given.resource,
      getResourceServerInfo: () => ({
        scope: given.scope,
        audience: given.resource,
        accessTokenTTL: 300,
        accessTokenFormat: "jwt",
        jwt: { sign: { alg: "ES256" } },
      }),
    },
  },
});
provider.listen(given.port, "127.0.0.1");
