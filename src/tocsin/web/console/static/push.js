// "Ring in this browser": asks the browser for a subscription, and sends it with the form that stands on the page.
"use strict";

(() => {
  const form = document.getElementById("push");
  const able = form && "serviceWorker" in navigator && "PushManager" in window;
  if (!form) return;
  form.hidden = false;
  const say = (text) => { form.querySelector("[role=status]").textContent = text; };
  if (!able) {
    form.querySelector("button").disabled = true;
    say("This browser takes no push messages here: they need https, and on an iPhone the page on the home screen.");
    return;
  }
  form.addEventListener("submit", async (event) => {
    const field = form.elements.namedItem("subscription");
    if (field.value) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    try {
      if (await Notification.requestPermission() !== "granted") throw new Error("notifications are not allowed");
      await navigator.serviceWorker.register("/worker.js");
      const registration = await navigator.serviceWorker.ready;
      const former = await registration.pushManager.getSubscription();
      if (former) await former.unsubscribe(); // It may be for an older key of ours.
      const options = { userVisibleOnly: true, applicationServerKey: bytes(form.dataset.key) };
      field.value = JSON.stringify(await registration.pushManager.subscribe(options));
      form.requestSubmit();
    } catch (problem) {
      say(`It cannot ring: ${problem.message}`);
    }
  }, { capture: true });

  function bytes(text) {
    const plain = atob(text.replaceAll("-", "+").replaceAll("_", "/"));
    return Uint8Array.from(plain, (char) => char.charCodeAt(0));
  }
})();
