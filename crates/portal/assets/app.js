// What scripts add to pages that work without them. One idea: the server answers with whole pages; the script fetches the
// page that a plain click would have shown, and puts the part with the same id in the place of the old one. The browser
// parses what comes (XMLHttpRequest, type "document") and never runs scripts in it, so Trusted Types can stay enforced.
"use strict";
{
  const SLOW_MS = 300, TYPING_MS = 250;
  const POLL_SECONDS = [2, 2, 2, 2, 2, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 15, 15, 15, 15, 15, 15, 15, 15, 15, 15, 15, 15];
  const root = document.documentElement;

  const request = (url, body) => new Promise((resolve, reject) => {
    const call = new XMLHttpRequest();
    call.open(body ? "POST" : "GET", url);
    call.responseType = "document";
    call.onload = () => call.response ? resolve({ page: call.response, url: call.responseURL }) : reject(new Error("no page"));
    call.onerror = () => reject(new Error("no answer"));
    call.send(body);
  });

  // Shows that something is waited for, if it takes long; gives what ends that.
  const waiting = (part) => {
    part?.setAttribute("aria-busy", "true");
    const timer = setTimeout(() => { root.dataset.waiting = ""; }, SLOW_MS);
    return () => {
      clearTimeout(timer);
      delete root.dataset.waiting;
      part?.removeAttribute("aria-busy");
    };
  };

  // The element stays, so that a live region tells of its new content and focus inside is found again by its id.
  const swap = (id, page) => {
    const [old, fresh] = [document.getElementById(id), page.getElementById(id)];
    if (!old || !fresh) return;
    const focused = old.contains(document.activeElement) ? document.activeElement.id : "";
    for (const { name } of [...old.attributes]) if (!fresh.hasAttribute(name)) old.removeAttribute(name);
    for (const { name, value } of fresh.attributes) old.setAttribute(name, value);
    old.replaceChildren(...fresh.childNodes);
    if (focused) document.getElementById(focused)?.focus();
    arrive(old);
  };

  const show = async (url, ids, body) => {
    const done = waiting(document.getElementById(ids[0]));
    try {
      const answer = await request(url, body);
      for (const id of ids) swap(id, answer.page);
    } catch {
      // The next try, or a reload, asks again.
    } finally {
      done();
    }
  };

  const fields = (form, button) => {
    const data = new FormData(form, button);
    return new URLSearchParams([...data].filter(([, value]) => typeof value === "string"));
  };

  // <div id data-poll>: asked again until an answer comes without the attribute.
  const poll = async (part) => {
    if (part.polling) return;
    part.polling = true;
    for (const seconds of POLL_SECONDS) {
      await new Promise((resolve) => setTimeout(resolve, seconds * 1000));
      while (document.hidden) await new Promise((resolve) => document.addEventListener("visibilitychange", resolve, { once: true }));
      await show(location.href, [part.id]);
      if (!part.hasAttribute("data-poll")) break;
    }
    part.polling = false;
  };

  // <span data-countdown="Unix seconds">: minutes and seconds left.
  const countDown = (place) => {
    const left = Math.max(0, Math.round(Number(place.dataset.countdown) - Date.now() / 1000));
    place.textContent = `${Math.floor(left / 60)}:${String(left % 60).padStart(2, "0")}`;
    if (left > 0) setTimeout(countDown, 1000, place);
  };

  // What new content needs.
  const arrive = (part) => {
    for (const place of part.querySelectorAll("[data-countdown]")) countDown(place);
    for (const place of part.querySelectorAll("[data-script]")) place.hidden = false;
    for (const place of [part, ...part.querySelectorAll("[data-poll]")]) if (place.hasAttribute?.("data-poll")) poll(place);
  };

  // <a data-dialog>: the page that it leads to, as a dialog. A form in it that is answered with another page goes there.
  const dialog = document.getElementById("dialog"), place = document.getElementById("dialog-body");
  const fill = (page) => {
    place.replaceChildren(...page.querySelector("main").childNodes);
    dialog.setAttribute("aria-label", place.querySelector("h1")?.textContent ?? "");
    arrive(place);
    (place.querySelector("[data-errors]") ?? place.querySelector("[autofocus]"))?.focus();
  };
  const visit = async (url, body) => {
    const done = waiting(place);
    try {
      const answer = await request(url, body);
      if (new URL(answer.url).pathname !== new URL(url, location.href).pathname) return location.assign(answer.url);
      fill(answer.page);
      if (!dialog.open) dialog.showModal();
    } catch {
      if (!body) location.assign(url);
    } finally {
      done();
    }
  };

  document.addEventListener("click", (event) => {
    const link = event.target.closest("a[data-dialog]");
    const plain = event.button === 0 && !event.ctrlKey && !event.metaKey && !event.shiftKey && !event.altKey;
    if (link && plain && !dialog.contains(link)) {
      event.preventDefault();
      visit(link.href);
    }
    const copy = event.target.closest("button[data-copy]");
    if (copy) navigator.clipboard.writeText(copy.dataset.copy).then(() => { copy.querySelector("[role=status]").textContent = copy.dataset.done; });
  });

  document.addEventListener("submit", (event) => {
    const { target: form, submitter: button } = event;
    if (form.getAttribute("method") === "dialog") return;
    if (button?.dataset.part) {
      event.preventDefault();
      show(form.action, button.dataset.part.split(" "), fields(form, button));
    } else if (dialog.contains(form) && form.getAttribute("method") === "post") {
      event.preventDefault();
      visit(form.action, fields(form, button));
    } else if (form.getAttribute("method") === "post" && !("download" in form.dataset)) {
      // A second press of the button is not a second order.
      if (form.sent) return event.preventDefault();
      form.sent = true;
      button?.setAttribute("aria-disabled", "true");
      waiting(button);
    }
  });

  // <form data-live="ids">: parts of the page as it would be with what was typed so far.
  let typing;
  document.addEventListener("input", ({ target }) => {
    const form = target.form;
    if (target.hasAttribute?.("data-refresh")) form.requestSubmit(form.querySelector("button[data-part]"));
    if (!form?.dataset.live) return;
    clearTimeout(typing);
    typing = setTimeout(() => {
      const typed = fields(form);
      for (const secret of ["token", "key"]) typed.delete(secret);
      show(`${form.action}?${typed}`, form.dataset.live.split(" "));
    }, TYPING_MS);
  });

  // Back from elsewhere, the page is as it was: nothing is on its way any more.
  addEventListener("pageshow", ({ persisted }) => { if (persisted) location.reload(); });
  root.classList.add("scripted");
  arrive(document);
}
