// Asks the browser for a passkey, or to make one, with the options on the page, and sends its answer with the form.
"use strict";

const form = document.querySelector("form[data-passkey]");
const told = document.querySelector("[data-passkey-told]");

function octets(text) {
  const plain = atob(text.replace(/-/g, "+").replace(/_/g, "/"));
  return Uint8Array.from(plain, (one) => one.charCodeAt(0));
}

function written(buffer) {
  const plain = String.fromCharCode(...new Uint8Array(buffer));
  return btoa(plain).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");
}

function asked(options) {
  const read = { ...options, challenge: octets(options.challenge) };
  if (options.user) read.user = { ...options.user, id: octets(options.user.id) };
  for (const list of ["excludeCredentials", "allowCredentials"]) {
    if (options[list]) read[list] = options[list].map((one) => ({ ...one, id: octets(one.id) }));
  }
  return read;
}

function answered(credential) {
  const response = {};
  for (const name of ["clientDataJSON", "attestationObject", "authenticatorData", "signature", "userHandle"]) {
    if (credential.response[name]) response[name] = written(credential.response[name]);
  }
  return JSON.stringify({ id: credential.id, rawId: written(credential.rawId), type: credential.type, response });
}

async function show(event) {
  event.preventDefault();
  told.hidden = true;
  try {
    const publicKey = asked(JSON.parse(form.dataset.passkey));
    const making = Boolean(publicKey.user);
    const credential = await (making ? navigator.credentials.create({ publicKey }) : navigator.credentials.get({ publicKey }));
    form.elements.credential.value = answered(credential);
    form.submit();
  } catch (_refused) {
    told.hidden = false;
    told.focus();
  }
}

if (form && window.PublicKeyCredential) {
  form.addEventListener("submit", show);
  form.querySelector("button").disabled = false;
} else if (told) {
  told.hidden = false;
}
