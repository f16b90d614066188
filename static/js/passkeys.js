// Passkeys: a form with data-passkey asks the browser for one and sends what it says.
"use strict";

const fromText = (text) => {
  const plain = atob(text.replaceAll("-", "+").replaceAll("_", "/"));
  return Uint8Array.from(plain, (one) => one.charCodeAt(0));
};
const toText = (bytes) =>
  btoa(String.fromCharCode(...new Uint8Array(bytes)))
    .replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");

const withBytes = (list) => (list || []).map((one) => ({ ...one, id: fromText(one.id) }));

// What is binary comes as base64url, for JSON has no bytes.
const makePasskey = (asked) => navigator.credentials.create({ publicKey: {
  ...asked,
  challenge: fromText(asked.challenge),
  user: { ...asked.user, id: fromText(asked.user.id) },
  excludeCredentials: withBytes(asked.excludeCredentials),
  authenticatorSelection: {
    ...asked.authenticatorSelection,
    residentKey: "required",
    requireResidentKey: true,
    userVerification: "required",
  },
} });
const usePasskey = (asked) => navigator.credentials.get({ publicKey: {
  ...asked,
  challenge: fromText(asked.challenge),
  allowCredentials: withBytes(asked.allowCredentials),
} });

const told = (found) => {
  const response = {};
  for (const name of ["clientDataJSON", "attestationObject", "authenticatorData",
    "signature", "userHandle"]) {
    if (found.response[name]) response[name] = toText(found.response[name]);
  }
  if (found.response.getTransports) response.transports = found.response.getTransports();
  return JSON.stringify({
    type: found.type,
    id: found.id,
    rawId: toText(found.rawId),
    response,
    authenticatorAttachment: found.authenticatorAttachment,
    clientExtensionResults: found.getClientExtensionResults(),
  });
};

const askedOf = async (form) => {
  if (form.dataset.passkey !== "login") {
    return JSON.parse(document.getElementById("asked").textContent);
  }
  const answer = await fetch(form.action, { headers: { Accept: "application/json" } });
  if (!answer.ok) throw new Error(answer.status);
  return answer.json();
};

const send = async (form) => {
  const asked = await askedOf(form);
  const found = form.dataset.passkey === "make"
    ? await makePasskey(asked.creation_options.publicKey)
    : await usePasskey(asked.request_options.publicKey);
  form.elements.credential.value = told(found);
  form.submit();
};

for (const form of document.querySelectorAll("form[data-passkey]")) {
  if (!window.PublicKeyCredential) continue;
  form.hidden = false;
  const note = form.querySelector("[data-failed]");
  form.querySelector("button").addEventListener("click", () => {
    note.hidden = true;
    send(form).catch(() => {
      note.textContent = note.dataset.failed;
      note.hidden = false;
    });
  });
  form.addEventListener("submit", (event) => {
    event.preventDefault();  // Enter in the field of the name
    form.querySelector("button").click();
  });
}
