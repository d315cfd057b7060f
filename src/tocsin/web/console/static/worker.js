// Shows pages that come as push messages, and leads to where they are answered. It answers nothing by itself.
"use strict";

self.addEventListener("push", (event) => {
  const told = read(event.data);
  event.waitUntil(self.registration.showNotification(told.title, {
    body: told.body,
    data: { url: told.url },
    icon: "/static/bell.svg",
    requireInteraction: true,
    tag: told.url,
    renotify: true,
  }));
});

self.addEventListener("notificationclick", (event) => {
  event.notification.close();
  event.waitUntil(show(event.notification.data.url));
});

// A push without words is a page too.
function read(data) {
  const told = { title: "Somebody is asked", body: "", url: "/" };
  try {
    return Object.assign(told, data.json());
  } catch {
    return told;
  }
}

// Only pages of our own are opened.
async function show(url) {
  const target = new URL(url, self.location.origin);
  const address = target.origin === self.location.origin ? target.href : self.location.origin;
  for (const tab of await self.clients.matchAll({ type: "window" })) {
    if (tab.url === address) return tab.focus();
  }
  return self.clients.openWindow(address);
}
