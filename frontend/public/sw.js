/* Shows who calls while every window is hidden, and hands the answer to the window that holds the phone. */
self.addEventListener('install', () => self.skipWaiting());
self.addEventListener('activate', (event) => event.waitUntil(self.clients.claim()));
self.addEventListener('notificationclick', (event) => {
  event.notification.close();
  const { call, tab } = event.notification.data ?? {};
  const act = async () => {
    const windows = await self.clients.matchAll({ type: 'window', includeUncontrolled: true });
    const target = windows.find((each) => each.id === tab) ?? windows[0];
    if (!target) return;
    target.postMessage({ t: 'call-notice', call, action: event.action || 'open' });
    await target.focus().catch(() => undefined);
  };
  event.waitUntil(act());
});
