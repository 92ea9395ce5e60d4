// Runs before the first picture, so that a chosen theme never flashes. Kept apart because the content policy allows no inline script.
(function () {
  try {
    var theme = localStorage.getItem("sophon.theme");
    if (theme === "light" || theme === "dark") document.documentElement.dataset.theme = theme;
  } catch (_) {
    // Storage is switched off: the system's theme it is.
  }
})();
