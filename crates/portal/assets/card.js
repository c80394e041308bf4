// Mounts Stripe's own fields and asks for confirmation. What is typed there never comes to this page.
"use strict";
{
  const form = document.getElementById("card-form"), error = document.getElementById("card-error");
  const button = form.querySelector("button");
  const { key, secret, back, language } = form.dataset;
  const stripe = window.Stripe(key, { locale: language });
  const theme = matchMedia("(prefers-color-scheme: dark)").matches ? "night" : "stripe";
  const elements = stripe.elements({ clientSecret: secret, appearance: { theme } });
  elements.create("payment").mount("#card-fields");

  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    if (button.getAttribute("aria-disabled") === "true") return;
    button.setAttribute("aria-disabled", "true");
    error.textContent = "";
    // The bank may take a while, and goes to `back` by itself when it is done.
    const answer = await stripe.confirmPayment({ elements, confirmParams: { return_url: back } });
    error.textContent = answer.error?.message ?? "";
    button.removeAttribute("aria-disabled");
  });
}
