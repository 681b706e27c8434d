// The door's own script: what a password still lacks, what a passkey said, and printing recovery codes.
// The security policy allows files only; allauth's scripts read their settings from JSON blocks in the page.

const rules = {
  length: (text, row) => [...text].length >= Number(row.dataset.least),
  letters: (text) => text.length > 0 && !/^\d+$/.test(text),
  own: (text, row, email) => {
    const typed = text.toLowerCase();
    const parts = [email, ...email.split(/[^\p{L}\p{N}]+/u)].map((p) => p.toLowerCase()).filter((p) => p.length >= 3);
    return typed.length > 0 && !parts.some((part) => typed === part || (typed.length < part.length * 2 && typed.includes(part)));
  },
};

function passwordRules(box) {
  const field = box.closest("form")?.querySelector('input[autocomplete="new-password"]');
  if (!field) return;
  const update = () => {
    for (const row of box.querySelectorAll("[data-rule]")) {
      const met = rules[row.dataset.rule](field.value, row, box.dataset.email ?? "");
      row.querySelector("[data-met]").hidden = !met;
      row.querySelector("[data-open]").hidden = met;
      const count = row.querySelector("[data-count]");
      if (count) count.textContent = field.value && !met ? `(${[...field.value].length})` : "";
    }
  };
  field.addEventListener("input", update);
  update();
  box.querySelector("[data-password-show]")?.addEventListener("click", (event) => {
    const shown = field.type === "password";
    for (const input of field.form.querySelectorAll('input[autocomplete="new-password"]')) input.type = shown ? "text" : "password";
    event.currentTarget.setAttribute("aria-pressed", String(shown));
  });
}

function passkeySaid(word) {
  const box = document.querySelector("[data-passkey-error]");
  if (!box) return;
  for (const line of box.querySelectorAll("[data-passkey-said]")) line.hidden = line.dataset.passkeySaid !== word;
  box.hidden = false;
}

document.addEventListener("allauth.error", (event) => {
  event.preventDefault();
  const name = event.detail?.exception?.name;
  passkeySaid({ NotAllowedError: "stopped", AbortError: "stopped", InvalidStateError: "known", NotSupportedError: "cannot", SecurityError: "cannot" }[name] ?? "failed");
});

// A passkey's button comes disabled: allauth listens to it from DOMContentLoaded on, and a press before would do nothing.
document.addEventListener("DOMContentLoaded", () => {
  if (!window.PublicKeyCredential) return passkeySaid("cannot");
  for (const button of document.querySelectorAll("[data-passkey-button]")) button.disabled = false;
});
for (const box of document.querySelectorAll("[data-password-rules]")) passwordRules(box);
