// An independent OpenID Provider (oidc-provider) with itsme's habits: ID token and userinfo signed, then encrypted.
// Standard input: {client_id, base_url, callback, jwks, person, acr}. Standard output: lines of JSON, the issuer first,
// then what it would send to the client behind the browser's back. It ends with its standard input.
import { createServer } from "node:http";
import { createInterface } from "node:readline";
import * as jose from "jose";
import Provider from "oidc-provider";

const lines = createInterface({ input: process.stdin });
const given = JSON.parse(await new Promise((resolve) => lines.once("line", resolve)));
lines.on("close", () => process.exit(0));
const tell = (what) => process.stdout.write(`${JSON.stringify(what)}\n`);

const server = createServer();
await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
const issuer = `http://127.0.0.1:${server.address().port}`;
const pair = await jose.generateKeyPair("RS256", { extractable: true });
const key = { ...(await jose.exportJWK(pair.privateKey)), use: "sig", alg: "RS256", kid: "peer-1" };

const encrypted = (what) => ({
  [`${what}_signed_response_alg`]: "RS256",
  [`${what}_encrypted_response_alg`]: "RSA-OAEP-256",
  [`${what}_encrypted_response_enc`]: "A128CBC-HS256",
});
const provider = new Provider(issuer, {
  jwks: { keys: [key] },
  clients: [
    {
      client_id: given.client_id,
      redirect_uris: [given.callback],
      post_logout_redirect_uris: [`${given.base_url}/sign-in`],
      response_types: ["code"],
      grant_types: ["authorization_code"],
      token_endpoint_auth_method: "private_key_jwt",
      token_endpoint_auth_signing_alg: "RS256",
      jwks: given.jwks,
      backchannel_logout_uri: given.callback.replace(/callback$/, "logout"),
      backchannel_logout_session_required: true,
      ...encrypted("id_token"),
      ...encrypted("userinfo"),
    },
  ],
  acrValues: Object.values(given.acr),
  scopes: ["openid", "profile", "service:PROCURA"],
  claims: {
    openid: ["sub"],
    profile: ["family_name", "given_name", "birthdate"],
    "service:PROCURA": ["number", "country"],
  },
  features: {
    devInteractions: { enabled: false },
    encryption: { enabled: true },
    jwtUserinfo: { enabled: true },
    backchannelLogout: { enabled: true },
    rpInitiatedLogout: { enabled: true },
  },
  pkce: { required: () => true },
  cookies: { keys: ["only for a test"] },
  findAccount: (_context, id) => ({ accountId: id, claims: () => ({ sub: id, ...given.person }) }),
  interactions: { url: (_context, interaction) => `/interaction/${interaction.uid}` },
  loadExistingGrant: async (context) => {
    const grant = new context.oidc.provider.Grant({
      clientId: context.oidc.client.clientId,
      accountId: context.oidc.session.accountId,
    });
    grant.addOIDCScope("openid profile service:PROCURA");
    await grant.save();
    return grant;
  },
  fetch: async (url, options) => {
    tell({ sent_to: String(url), body: String(options.body) });
    return new Response(null, { status: 200 });
  },
});
const answer = provider.callback();
server.on("request", async (request, response) => {
  if (!request.url.startsWith("/interaction/")) return answer(request, response);
  const { params } = await provider.interactionDetails(request, response);
  if (params.ui_locales === "de") {
    return provider.interactionFinished(request, response, { error: "access_denied" });
  }
  const acr = params.acr_values?.split(" ")[0];
  return provider.interactionFinished(request, response, { login: { accountId: "person-1", acr } });
});
tell({ issuer });
