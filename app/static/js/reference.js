/* The interface for programs, tried out: a call is sent as a program would send it, and the answer is shown. */
"use strict";
(() => {
  const { $, on, texts } = Loandesk;
  const form = $("[data-try]");
  const { call, address, body, token } = form.elements;
  const answered = $("[data-try-answer]", form);

  const choose = () => {
    const [method, path] = call.value.split(" ");
    address.value = path;
    body.disabled = $("[data-try-body]", form).hidden = !["POST", "PATCH"].includes(method);
  };
  on("change", "#try-call", choose);
  choose();

  const tell = (told, text) => {
    answered.hidden = false;
    $("[data-try-told]", form).textContent = told;
    $("pre", answered).hidden = !text;
    $("code", answered).textContent = text;
  };
  const readable = (text) => {
    try { return JSON.stringify(JSON.parse(text), null, 2); } catch { return text; }
  };

  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const [method] = call.value.split(" ");
    const headers = { Accept: "application/json", Authorization: `Bearer ${token.value.trim()}` };
    if (!body.disabled) headers["Content-Type"] = "application/json";
    tell(form.dataset.sent, "");
    const began = performance.now();
    try {
      // without the session's cookie: what a token may is asked, not what the reader may
      const answer = await fetch(address.value, { method, headers, body: body.disabled ? undefined : body.value, credentials: "omit", cache: "no-store" });
      const text = readable(await answer.text());
      const version = answer.headers.get("ETag");
      tell([`${answer.status} ${answer.statusText}`, `${Math.round(performance.now() - began)} ms`, version && `ETag: ${version}`].filter(Boolean).join(" · "), text);
    } catch { tell(texts.failed, ""); }
  });
})();
