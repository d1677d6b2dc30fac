/* Plays the Web eID extension, its application, a reader and a card on the sandbox's page for cards: it answers the
   page's message as the extension would, with a token that the sandbox signs for the person chosen here. */
"use strict";

(() => {
  const ACTION = "web-eid:authenticate";
  const HERE = new URL(document.currentScript.src);

  const reply = (outcome, members) => {
    window.postMessage({ action: `${ACTION}-${outcome}`, ...members }, window.location.origin);
  };

  // Like the extension's, an error has a code and a message: without either, Web eID's library reads another one.
  const fail = (code) => reply("failure", { error: { code, message: "sandbox: software card", name: "Error" } });

  const choice = (label, name, options) => {
    const box = document.createElement("label");
    box.textContent = label;
    const select = document.createElement("select");
    select.name = name;
    for (const [value, text] of options) {
      select.append(new Option(text, value));
    }
    box.append(select);
    return box;
  };

  const button = (text, value) => {
    const made = document.createElement("button");
    made.textContent = text;
    made.value = value;
    return made;
  };

  const open = async (challenge) => {
    const offered = await (await fetch(new URL("offer", HERE))).json();
    const dialog = document.createElement("dialog");
    dialog.id = "software-card";
    const form = document.createElement("form");
    form.method = "dialog";
    const frame = document.createElement("article");
    const title = document.createElement("h2");
    title.textContent = "Sandbox: software card";
    const people = offered.people.map((one) => [one.alias, `${one.name} – ${one.part}`]);
    form.append(
      choice("Whose card", "persona", people),
      choice("Key of the card", "kind", offered.kinds.map((one) => [one, one])),
      choice("What is wrong with it", "trick", offered.tricks.map((one) => [one, one])),
      button("Type the PIN", "sign"),
      " ",
      button("Cancel", "cancel"),
    );
    frame.append(title, form);
    dialog.append(frame);
    dialog.addEventListener("close", () => {
      const told = Object.fromEntries(new FormData(form));
      const signs = dialog.returnValue === "sign";
      dialog.remove();
      if (signs) {
        sign({ ...told, challenge });
      } else {
        fail("ERR_WEBEID_USER_CANCELLED");
      }
    });
    document.body.append(dialog);
    dialog.showModal();
  };

  const sign = async (order) => {
    const answer = await fetch(new URL("sign", HERE), { method: "POST", body: JSON.stringify(order) });
    if (answer.ok) {
      reply("success", await answer.json());
    } else {
      fail("ERR_WEBEID_NATIVE_FATAL");
    }
  };

  window.addEventListener("message", (event) => {
    if (event.source !== window || !event.data || event.data.action !== ACTION) {
      return;
    }
    reply("ack", {});
    open(event.data.challengeNonce).catch(() => fail("ERR_WEBEID_NATIVE_FATAL"));
  });
})();
