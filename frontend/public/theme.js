// Sets the colour scheme before the first paint, so that a dark screen never
// flashes white. A file of its own because the content policy bans inline code.
(function () {
  var wish = 'auto';
  try {
    wish = localStorage.getItem('centralita.theme') || 'auto';
  } catch {
    // Storage may be switched off; the system's wish is then followed.
  }
  var dark = wish === 'dark' || (wish !== 'light' && matchMedia('(prefers-color-scheme: dark)').matches);
  document.documentElement.setAttribute('data-mantine-color-scheme', dark ? 'dark' : 'light');
})();
