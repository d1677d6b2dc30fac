/* Lets the Web eID browser extension answer the challenge on this page, and sends its token on with the page's form.
   It speaks the extension's message interface (https://web-eid.eu): a message {action, …} to this window, to which the
   extension's content script replies with the same action and -ack, -success or -failure. */
"use strict";

(() => {
  const ACTION = "web-eid:authenticate";
  const SPOKEN = "2.1.0"; // version of the interface
  const FIRST_WORD = 3000; // milliseconds: by then an extension that is there has acknowledged
  const AT_THE_CARD = 120000; // milliseconds for choosing a card and typing the PIN
  const PROBLEMS = {
    ERR_WEBEID_EXTENSION_UNAVAILABLE: "no_extension",
    ERR_WEBEID_NATIVE_UNAVAILABLE: "no_application",
    ERR_WEBEID_VERSION_MISMATCH: "no_application",
    ERR_WEBEID_VERSION_INVALID: "no_application",
    ERR_WEBEID_NATIVE_FATAL: "no_card",
    ERR_WEBEID_USER_CANCELLED: "cancelled",
    ERR_WEBEID_USER_TIMEOUT: "timeout",
    ERR_WEBEID_ACTION_TIMEOUT: "timeout",
    ERR_WEBEID_CONTEXT_INSECURE: "insecure",
  };
  const MEMBERS = ["unverifiedCertificate", "algorithm", "signature", "format", "appVersion"];

  const page = document.getElementById("web-eid");
  const answer = document.getElementById("web-eid-answer");
  const begin = document.getElementById("web-eid-begin");
  const again = document.getElementById("web-eid-again");
  let timer = 0;
  let asking = false;

  const say = (kind, name) => {
    for (const one of page.querySelectorAll("[data-state], [data-problem]")) {
      one.hidden = one.dataset[kind] !== name;
    }
  };

  const wait = (milliseconds, problem) => {
    clearTimeout(timer);
    timer = setTimeout(() => fail(problem), milliseconds);
  };

  const fail = (problem) => {
    clearTimeout(timer);
    asking = false;
    say("problem", problem);
    begin.hidden = true;
    again.hidden = false;
    again.querySelector("button").focus();
  };

  const ask = () => {
    if (!window.isSecureContext) {
      fail("insecure");
      return;
    }
    asking = true;
    begin.disabled = true;
    say("state", "waiting");
    wait(FIRST_WORD, "no_extension");
    window.postMessage(
      {
        action: ACTION,
        libraryVersion: SPOKEN,
        challengeNonce: answer.elements.challenge.value,
        options: { lang: begin.dataset.language, userInteractionTimeout: AT_THE_CARD },
      },
      window.location.origin,
    );
  };

  const send = (told) => {
    clearTimeout(timer);
    asking = false;
    const token = {};
    for (const name of MEMBERS) {
      if (typeof told[name] === "string") {
        token[name] = told[name];
      }
    }
    say("state", "checking");
    answer.elements.token.value = JSON.stringify(token);
    answer.submit();
  };

  window.addEventListener("message", (event) => {
    const told = event.data;
    if (!asking || event.source !== window || event.origin !== window.location.origin || !told) {
      return;
    }
    if (told.action === `${ACTION}-ack`) {
      say("state", "card");
      wait(AT_THE_CARD + 10000, "timeout");
    } else if (told.action === `${ACTION}-success`) {
      send(told);
    } else if (told.action === `${ACTION}-failure`) {
      fail(PROBLEMS[told.error && told.error.code] || "other");
    }
  });

  document.getElementById("web-eid-no-script").hidden = true;
  begin.addEventListener("click", ask);
  begin.hidden = false;
  begin.focus();
})();
