// The peer of grants: oidc-provider with a client for bearer tokens whose refresh tokens take turns, one whose tokens
// are bound by DPoP, and software. Everything is kept in memory by its default adapter, of the newest thousand records.
// Standard input: {port, control, clients, signing, resource, opaque, scope, redirect_uri, told}. `opaque` is a second
// resource, whose tokens can be introspected: oidc-provider introspects no JWT. `told` are claims of access tokens.
// POST /codes to the control port: {client_id, count, resource, challenge, nonce} writes codes of as many grants of as
// many people, as the end of their visit would; the answer is the list of codes.
import { createServer } from "node:http";
import { createHash, randomBytes, randomUUID } from "node:crypto";
import { readFileSync } from "node:fs";
import { Provider } from "oidc-provider";

const given = JSON.parse(readFileSync(0, "utf8"));
const issuer = `http://127.0.0.1:${given.port}`;
const identity = "openid offline_access";
const methods = {
  token_endpoint_auth_method: "private_key_jwt",
  token_endpoint_auth_signing_alg: "ES256",
  id_token_signed_response_alg: "ES256",
};
const clients = given.clients.map(({ rotated, ...client }) => ({ ...methods, ...client }));
const rotating = new Set(given.clients.filter((one) => one.rotated).map((one) => one.client_id));
const resources = {
  [given.resource]: { accessTokenFormat: "jwt", jwt: { sign: { alg: "ES256" } } },
  [given.opaque]: { accessTokenFormat: "opaque" },
};
const provider = new Provider(issuer, {
  clients,
  clientAuthMethods: ["private_key_jwt"],
  jwks: { keys: [given.signing] },
  scopes: ["openid", "offline_access", given.scope],
  claims: { openid: ["sub"], acr: null, amr: null, auth_time: null, sid: null },
  subjectTypes: ["public", "pairwise"],
  pairwiseIdentifier: (ctx, account, client) =>
    createHash("sha256").update(client.sectorIdentifier).update(account).digest("base64url"),
  findAccount: (ctx, sub) => ({ accountId: sub, claims: () => ({ sub }) }),
  extraTokenClaims: (ctx, token) => (token.kind === "AccessToken" ? given.told : given.told_software),
  rotateRefreshToken: (ctx) => rotating.has(ctx.oidc.client.clientId),
  ttl: { AccessToken: 300, ClientCredentials: 300, AuthorizationCode: 60, IdToken: 300, RefreshToken: 86400, Grant: 86400 },
  features: {
    devInteractions: { enabled: false },
    clientCredentials: { enabled: true },
    introspection: { enabled: true, allowedPolicy: () => true },
    dPoP: { enabled: true, nonceSecret: randomBytes(32), requireNonce: () => true },
    resourceIndicators: {
      enabled: true,
      defaultResource: (ctx, client, oneOf) => oneOf?.[0] ?? given.resource,
      useGrantedResource: () => true,
      getResourceServerInfo: (ctx, resource) => ({
        scope: given.scope,
        audience: resource,
        accessTokenTTL: 300,
        ...resources[resource],
      }),
    },
  },
});

async function code({ client_id, resource, challenge, nonce }) {
  const accountId = randomUUID();
  const grant = new provider.Grant({ accountId, clientId: client_id });
  grant.addOIDCScope(identity);
  grant.addResourceScope(resource, given.scope);
  const written = new provider.AuthorizationCode({
    accountId,
    acr: given.told.acr,
    amr: ["pwd"],
    authTime: given.told.auth_time,
    claims: {},
    client: await provider.Client.find(client_id),
    codeChallenge: challenge,
    codeChallengeMethod: "S256",
    expiresWithSession: false,
    grantId: await grant.save(),
    gty: "authorization_code",
    nonce,
    redirectUri: given.redirect_uri,
    resource,
    scope: `${identity} ${given.scope}`,
    sid: randomUUID(),
  });
  return written.save();
}

const control = createServer(async (request, response) => {
  const chunks = [];
  for await (const chunk of request) chunks.push(chunk);
  const asked = JSON.parse(Buffer.concat(chunks).toString());
  const codes = [];
  for (let number = 0; number < asked.count; number += 1) codes.push(await code(asked));
  const body = JSON.stringify(codes);
  response.writeHead(200, { "content-type": "application/json", "content-length": Buffer.byteLength(body) });
  response.end(body);
});
control.listen(given.control, "127.0.0.1", () => provider.listen(given.port, "127.0.0.1"));
