// An independent receiver of shared signals: openid-client gets its token, jose verifies every security event token.
// It speaks one JSON line at a time. In: {issuer, client_id, jwk, algorithm, events}. Out: {streams, metadata}, then one
// line for each token that comes, pushed or polled: {by, header, claims} or {by, refused}. In: {end}. Out: {ended}.
import { createServer } from "node:http";
import { createInterface } from "node:readline";
import * as jose from "jose";
import * as client from "openid-client";

const lines = createInterface({ input: process.stdin })[Symbol.asyncIterator]();
const heard = async () => JSON.parse((await lines.next()).value);
const say = (told) => process.stdout.write(JSON.stringify(told) + "\n");

const given = await heard();
const key = await crypto.subtle.importKey("jwk", given.jwk, { name: "ECDSA", namedCurve: "P-256" }, false, ["sign"]);
const config = await client.discovery(
  new URL(given.issuer),
  given.client_id,
  undefined,
  client.PrivateKeyJwt({ key, kid: given.jwk.kid }),
  { algorithm: "oauth2", execute: [client.allowInsecureRequests] },
);
const metadata = await (await fetch(`${given.issuer}/.well-known/ssf-configuration`)).json();
if (metadata.issuer !== given.issuer) throw new Error("the metadata are another issuer's");
const keys = jose.createRemoteJWKSet(new URL(metadata.jwks_uri));
const seen = new Set();

async function judged(by, token) {
  try {
    const { protectedHeader, payload } = await jose.jwtVerify(token, keys, {
      issuer: given.issuer,
      audience: given.client_id,
      typ: "secevent+jwt",
      algorithms: ["ES256"],
      maxTokenAge: "10m",
      requiredClaims: ["jti", "iat", "events", "sub_id"],
    });
    if ("exp" in payload || "sub" in payload) throw new Error("a security event token has neither exp nor sub");
    if (!seen.has(by + payload.jti)) say({ by, header: protectedHeader, claims: payload });
    seen.add(by + payload.jti);
    return undefined;
  } catch (error) {
    say({ by, refused: error.code ?? error.message });
    return { err: "invalid_request", description: "not a token for this receiver" };
  }
}

const authorization = `Bearer ${crypto.randomUUID()}`;
const server = createServer((request, response) => {
  const parts = [];
  request.on("data", (part) => parts.push(part));
  request.on("end", async () => {
    const ours =
      request.headers.authorization === authorization &&
      request.headers["content-type"] === "application/secevent+jwt" &&
      (request.headers.accept ?? "").includes("application/json");
    const fault = ours
      ? await judged("push", Buffer.concat(parts).toString())
      : { err: "authentication_failed", description: "not the transmitter of this stream" };
    response.writeHead(fault ? 400 : 202, { "Content-Type": "application/json" });
    response.end(fault ? JSON.stringify(fault) : "");
  });
});
await new Promise((ready) => server.listen(0, "127.0.0.1", ready));

const tokens = await client.clientCredentialsGrant(config, { scope: "scope:authorization:signals:receive" });
async function asked(method, address, body) {
  const answer = await fetch(address, {
    method,
    headers: { Authorization: `Bearer ${tokens.access_token}`, "Content-Type": "application/json" },
    body: body && JSON.stringify(body),
  });
  if (!answer.ok) throw new Error(`${method} ${address}: ${answer.status} ${await answer.text()}`);
  return answer.status === 204 ? answer.status : answer.json();
}

async function opened(delivery) {
  const body = { delivery, events_requested: given.events };
  const stream = await asked("POST", metadata.configuration_endpoint, body);
  return [stream, await asked("GET", `${metadata.configuration_endpoint}?stream_id=${stream.stream_id}`)];
}

const push = await opened({
  method: "urn:ietf:rfc:8935",
  endpoint_url: `http://127.0.0.1:${server.address().port}/signals`,
  authorization_header: authorization,
});
const poll = await opened({ method: "urn:ietf:rfc:8936" });
say({ metadata, push: push[0], poll: poll[0], read_again: [push[1], poll[1]] });
for (const [stream] of [push, poll]) {
  await asked("POST", metadata.verification_endpoint, { stream_id: stream.stream_id, state: `of ${stream.stream_id}` });
}

let ended = false;
const polling = (async () => {
  let ack = [];
  while (!ended) {
    const body = { maxEvents: 5, returnImmediately: ended, ack };
    const { sets } = await asked("POST", poll[0].delivery.endpoint_url, body);
    ack = [];
    for (const [jti, token] of Object.entries(sets)) {
      await judged("poll", token);
      ack.push(jti);
    }
  }
})();

await heard();
ended = true;
const statuses = [];
for (const [stream] of [push, poll]) {
  statuses.push(await asked("DELETE", `${metadata.configuration_endpoint}?stream_id=${stream.stream_id}`));
}
await polling.catch(() => undefined);
say({ ended: statuses });
process.exit(0);
